"""Try Philo on the example documents: bring them in, ask three questions.

python examples/demo.py        (or: make demo)
"""

import sys
from pathlib import Path

from assistant import load_settings, open_assistant
from assistant.errors import PhiloError
from assistant.terminal import print_answer, print_report, progress_bar
from assistant.types import OPERATOR

HERE = Path(__file__).parent
QUESTIONS = (
    "Combien de jours de RTT les cadres au forfait ont-ils en 2026 ?",
    "How soon after a trip must expenses be claimed?",
    "How much does the LM-360 weigh?",  # the documents give the weight of the LM-240 only
)


def main() -> None:
    with open_assistant(load_settings(), wait_s=10.0) as philo:
        with progress_bar() as show:
            folders = [str(HERE / "handbook"), str(HERE / "papers")]
            report = philo.ingestor.ingest(folders, listener=show)
        print_report(report)
        for question in QUESTIONS:
            print(f"\n> {question}\n")
            print_answer(philo.ask(question, readable=OPERATOR))


if __name__ == "__main__":
    try:
        main()
    except PhiloError as exc:
        sys.exit(f"philo: {exc}")
