"""What a challenger must show before it may become champion."""
