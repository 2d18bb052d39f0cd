"""Requests and answers of the HTTP API, a module per noun; a function imports only its own."""
