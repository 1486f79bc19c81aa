"""Who is calling (inbound), as whom we act (outbound), and the modes that pair them."""
