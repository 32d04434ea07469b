"""What people do in a browser: Debian's Chromium on the real embedded system, nothing mocked."""
