"""The packages that are needed, their licences and known vulnerabilities."""
