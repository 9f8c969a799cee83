"""SCM sites of the lab: Kudu on Windows plans, KuduLite on Linux plans, and DaaS beside them."""
