"""Loaded by Python before a block of the documentation: the providers' hosts are led to the sandbox."""

import os
import urllib.parse
import urllib.request

HOSTS = ("api.fitbit.com", "www.fitbit.com", "oauth2.googleapis.com", "health.googleapis.com")
plain_urlopen = urllib.request.urlopen


def urlopen(request, *args, **more):
    if isinstance(request, str):
        request = urllib.request.Request(request)
    if urllib.parse.urlsplit(request.full_url).hostname in HOSTS:
        parts = urllib.parse.urlsplit(request.full_url)
        request.full_url = os.environ["DOCS_SANDBOX"] + parts.path + ("?" + parts.query if parts.query else "")
    return plain_urlopen(request, *args, **more)


urllib.request.urlopen = urlopen
