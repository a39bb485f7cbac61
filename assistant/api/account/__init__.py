"""The pages of the login: plain HTML forms, so that no script ever holds a password or a cookie."""
