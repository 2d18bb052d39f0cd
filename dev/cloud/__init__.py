"""Deployments in the cloud, from this machine: `make deploy`, `make tenant`, `make remove`.

stages    what samconfig.toml says of a stage, and the parameters of a release
sam       the SAM CLI as a process
vault     the secrets, in Secrets Manager; asked for without echo, never shown
webhook   the endpoint at Stripe
page      the files of the booking page
deploy, tenant, remove   the commands
"""
