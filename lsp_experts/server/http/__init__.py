"""Completions over HTTP on the loopback address, in the shape of OpenAI's API: for editors whose ghost text is not LSP.

Threats, and what stands against each:
- another user of this machine, or a program in a container with its network: each completion needs the token, which
  lies in a file that only its owner can read (token_file.py);
- a web page in the user's browser, also by a name that it points to this address (DNS rebinding): a request with an
  Origin, with a Host that is not this address, or whose body is not declared as JSON is refused (door.py), and no
  answer allows any origin;
- another machine: nothing but a loopback address is listened on (listening.py);
- whoever keeps connections open or sends without end: headers, bodies, connections and times are limited
  (connection.py).

What is not prevented: programs of the same user can read the token, as they can read the documents. The client sends
text without its path, so that only what the text says can tell a file of secrets.
"""
