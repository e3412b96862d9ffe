"""What people and foreign programs talk to: the web application and its pages."""
