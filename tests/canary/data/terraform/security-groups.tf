# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.

# The plan must show a new rule of the security group.
# Where another Terraform state, CDK or CloudFormation holds it already, apply that again instead.
# A group whose block has rules in it removes this one: add the rule to that block instead.
resource "aws_vpc_security_group_ingress_rule" "auth_tasks_ingress_80" {
  security_group_id = "sg-auth"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 81
  cidr_ipv4         = "10.0.0.0/8"
  description       = "ours"
}

resource "aws_vpc_security_group_ingress_rule" "auth_tasks_ingress_80_2" {
  security_group_id = "sg-auth"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 81
  cidr_ipv4         = "1.1.1.1/32"
}

resource "aws_vpc_security_group_ingress_rule" "auth_tasks_ingress_80_3" {
  security_group_id = "sg-auth"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 81
  cidr_ipv6         = "::/0"
}

resource "aws_vpc_security_group_ingress_rule" "auth_tasks_ingress_80_4" {
  security_group_id = "sg-auth"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 81
  prefix_list_id    = "pl-1"
}

resource "aws_vpc_security_group_ingress_rule" "auth_tasks_ingress_80_5" {
  security_group_id            = "sg-auth"
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 81
  referenced_security_group_id = "sg-2"
}

resource "aws_vpc_security_group_ingress_rule" "auth_tasks_ingress_80_6" {
  security_group_id            = "sg-auth"
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 81
  referenced_security_group_id = "sg-3"
}

resource "aws_vpc_security_group_egress_rule" "sg_x_egress_all" {
  security_group_id = "sg-x"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
