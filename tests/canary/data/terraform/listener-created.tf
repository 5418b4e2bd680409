# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.

# The plan must show a new listener.
# Where another Terraform state, CDK or CloudFormation holds it already, apply that again instead.
resource "aws_lb_listener" "hokusai_registry_lb_8443" {
  load_balancer_arn                                                     = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/hokusai-registry-lb/1234"
  protocol                                                              = "HTTPS"
  port                                                                  = 8443
  ssl_policy                                                            = "P"
  certificate_arn                                                       = "arn:aws:acm:us-east-1:123456789012:certificate/good"
  routing_http_request_x_amzn_mtls_clientcert_header_name               = "v5"
  routing_http_request_x_amzn_mtls_clientcert_issuer_header_name        = "v1"
  routing_http_request_x_amzn_mtls_clientcert_leaf_header_name          = "v4"
  routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name = "v0"
  routing_http_request_x_amzn_mtls_clientcert_subject_header_name       = "v2"
  routing_http_request_x_amzn_mtls_clientcert_validity_header_name      = "v3"
  routing_http_request_x_amzn_tls_cipher_suite_header_name              = "v7"
  routing_http_request_x_amzn_tls_version_header_name                   = "v6"
  routing_http_response_access_control_allow_credentials_header_value   = "v11"
  routing_http_response_access_control_allow_headers_header_value       = "v10"
  routing_http_response_access_control_allow_methods_header_value       = "v9"
  routing_http_response_access_control_allow_origin_header_value        = "v8"
  routing_http_response_access_control_expose_headers_header_value      = "v12"
  routing_http_response_access_control_max_age_header_value             = "v13"
  routing_http_response_content_security_policy_header_value            = "v15"
  routing_http_response_server_enabled                                  = true
  routing_http_response_strict_transport_security_header_value          = "v17"
  routing_http_response_x_content_type_options_header_value             = "v16"
  routing_http_response_x_frame_options_header_value                    = "v14"

  default_action {
    type  = "authenticate-cognito"
    order = 1

    authenticate_cognito {
      user_pool_arn              = "arn:pool"
      user_pool_client_id        = "id"
      user_pool_domain           = "d"
      on_unauthenticated_request = "authenticate"
      scope                      = "openid"
      session_cookie_name        = "c"
      session_timeout            = 60

      authentication_request_extra_params = {
        "prompt" = "login"
      }
    }
  }

  default_action {
    type  = "jwt-validation"
    order = 2

    jwt_validation {
      issuer        = "https://i"
      jwks_endpoint = "https://i/jwks"

      additional_claim {
        format = "single-string"
        name   = "scope"
        values = ["read", "write"]
      }
    }
  }

  default_action {
    type  = "forward"
    order = 3

    forward {
      target_group {
        arn    = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
        weight = 3
      }

      target_group {
        arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-mlflow-development-tg/06f6"
      }

      stickiness {
        enabled  = true
        duration = 600
      }
    }
  }

  mutual_authentication {
    mode                             = "verify"
    trust_store_arn                  = "arn:trust"
    ignore_client_certificate_expiry = false
    advertise_trust_store_ca_names   = "on"
  }

  tags = {
    "owner" = "web"
  }
}

# The plan must show a new certificate of the listener.
resource "aws_lb_listener_certificate" "hokusai_registry_lb_8443_certificate" {
  listener_arn    = aws_lb_listener.hokusai_registry_lb_8443.arn
  certificate_arn = "arn:one"
}

resource "aws_lb_listener_certificate" "hokusai_registry_lb_8443_certificate_2" {
  listener_arn    = aws_lb_listener.hokusai_registry_lb_8443.arn
  certificate_arn = "arn:two"
}

# The plan must show a new listener rule.
resource "aws_lb_listener_rule" "hokusai_registry_lb_8443_rule_9" {
  listener_arn = aws_lb_listener.hokusai_registry_lb_8443.arn
  priority     = 9

  action {
    type  = "forward"
    order = 3

    forward {
      target_group {
        arn    = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-registry-development-tg/08f8"
        weight = 3
      }

      target_group {
        arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hokusai-mlflow-development-tg/06f6"
      }

      stickiness {
        enabled  = true
        duration = 600
      }
    }
  }

  condition {
    host_header {
      values = ["a.example"]
    }
  }
}
