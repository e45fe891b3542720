"""Loaded by Python before a block of the documentation: the providers' hosts are led to the sandbox."""

import os
import urllib.parse
import urllib.request

HOSTS = ("api.fitbit.com", "www.fitbit.com", "oauth2.googleapis.com", "health.googleapis.com")
plain_urlopen = urllib.request.urlopen


def urlopen(request, *args, **more):
    if isinstance(request, str):
        request = urllib.request.Request(request)
    parts = urllib.parse.urlsplit(request.full_url)
    if parts.hostname not in (*HOSTS, "127.0.0.1", "localhost"):
        raise ValueError(f"Not on this machine: {parts.hostname}")
    if parts.hostname in HOSTS:
        request.full_url = os.environ["DOCS_SANDBOX"] + parts.path + ("?" + parts.query if parts.query else "")
    return plain_urlopen(request, *args, **more)


urllib.request.urlopen = urlopen
