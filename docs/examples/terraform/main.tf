# The canary from Terraform: the template and the code that `python -m hokusai_canary.template` wrote.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "template" {
  description = "Path of the file that ends with .template.json"
  type        = string
}

variable "code" {
  description = "Path of the zip beside it"
  type        = string
}

variable "bucket" {
  description = "A bucket of yours in the region of the platform"
  type        = string
}

variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  description = "Private subnets with a way to AWS, as many as the environment file names (else two)"
  type        = list(string)
}

resource "aws_s3_object" "code" {
  bucket = var.bucket
  key    = "hokusai-canary/${basename(var.code)}" # its name changes with its content
  source = var.code
}

resource "aws_s3_object" "template" {
  bucket = var.bucket
  key    = "hokusai-canary/${filesha256(var.template)}.template.json"
  source = var.template
}

resource "aws_cloudformation_stack" "canary" {
  name         = "hokusai-canary-production" # hokusai-canary- and the environment's name
  template_url = "https://${var.bucket}.s3.amazonaws.com/${aws_s3_object.template.key}"
  capabilities = ["CAPABILITY_NAMED_IAM"]

  parameters = {
    CodeBucket = aws_s3_object.code.bucket
    CodeKey    = aws_s3_object.code.key
    VpcId      = var.vpc_id
    SubnetIds  = join(",", var.subnet_ids)
  }
}

output "function_name" {
  value = aws_cloudformation_stack.canary.outputs["FunctionName"]
}

output "dashboard_url" {
  value = aws_cloudformation_stack.canary.outputs["DashboardUrl"]
}
