"""Who may call, how often, and what every answer tells those who receive it."""
