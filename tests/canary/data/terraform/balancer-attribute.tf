# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.

import {
  to = aws_lb.hokusai_registry_lb
  id = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/hokusai-registry-lb/1234"
}

# The plan must show the import and a change of `idle_timeout`, nothing else.
# Where another Terraform state, CDK or CloudFormation holds this load balancer, set `idle_timeout` there instead.
resource "aws_lb" "hokusai_registry_lb" {
  name                                        = "hokusai-registry-lb"
  load_balancer_type                          = "application"
  internal                                    = false
  ip_address_type                             = "ipv4"
  subnets                                     = ["subnet-public"]
  security_groups                             = ["sg-lb-registry"]
  idle_timeout                                = "90"
  client_keep_alive                           = "3600"
  enable_deletion_protection                  = true
  desync_mitigation_mode                      = "strictest"
  drop_invalid_header_fields                  = true
  preserve_host_header                        = false
  enable_tls_version_and_cipher_suite_headers = true
  enable_xff_client_port                      = true
  xff_header_processing_mode                  = "preserve"
  enable_http2                                = true
  enable_waf_fail_open                        = false
  enable_zonal_shift                          = false
  enable_cross_zone_load_balancing            = true

  access_logs {
    bucket  = "logs"
    enabled = true
    prefix  = "p"
  }

  lifecycle {
    ignore_changes = [tags, tags_all, customer_owned_ipv4_pool, ipam_pools, minimum_load_balancer_capacity]
  }
}
