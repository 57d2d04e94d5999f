"""Where moto's server and the embedded engine differ about EC2, as `moto_differences` describes it.

The examples are those of the AWS CLI, by the operation's name (`awscli/examples/ec2`).
"""

from moto_words import BOTH, HERE, MOTO, NO_FILTER, NO_MEMBER, NO_SETTING, PASSING

FAULT = "the API reference has the operation; moto answers it with 500"
EMPTY = "the example shows no member where there is nothing; moto answers an empty one"
AT_ONCE = "the example shows the state in which it is at first; in moto it has come about at once"
OWN_ADDRESSES = "each gives addresses, and the names made of them, from ranges of its own"
NO_EFFECT = "moto does not act upon what the row's call says"
IMAGES = "each has images of its own, and so their devices, disks and kernels"

RESOURCES = [
    (
        "CreatePlacementGroup DeleteLaunchTemplateVersions DeleteVpcEndpoints DescribePlacementGroups "
        "DescribeVolumeAttribute DescribeVolumeStatus GetSecurityGroupsForVpc ModifyInstanceCreditSpecification "
        "ModifyInstanceMaintenanceOptions MonitorInstances ResetImageAttribute ResetSnapshotAttribute "
        "UnmonitorInstances",
        "absent", HERE, FAULT,
    ),
    (
        "DescribeImageAttribute DetachVolume ModifyInstanceAttribute", "absent", HERE,
        FAULT + ", for some of the rows' members",
    ),
    ("DeletePlacementGroup DescribePlacementGroups ModifyInstancePlacement RunInstances", "setting", HERE, NO_SETTING),
    (
        "DescribeImageAttribute", "code", HERE,
        "moto refuses what an own image is asked about (AuthFailure); its owner may ask",
    ),
    ("DescribeImages", "code", BOTH, "the row's image is one that each installation here has; moto has others"),
    (
        "DescribeInstanceAttribute", "code", HERE,
        "InstanceAttributeName has enaSupport, enclaveOptions and disableApiStop; moto refuses them as unknown",
    ),
    (
        "DescribeInternetGateways", "code", HERE,
        "the default VPC has a gateway (Amazon VPC's guide); that of moto has none to ask about",
    ),
    (
        "DescribeDhcpOptions", "DhcpOptions[]", HERE,
        "each region has a default set of DHCP options (Amazon VPC's guide); moto has none",
    ),
    ("DescribeAccountAttributes", "AccountAttributes[]", HERE, NO_FILTER + " (AttributeNames)"),
    ("DescribeVpcEndpoints", "VpcEndpoints[]", HERE, "moto does not find an endpoint without a given type as Gateway"),
    (
        "DescribeSecurityGroups", "SecurityGroups[]", HERE,
        "GroupNames names groups of the default VPC; moto answers the defaults of every VPC",
    ),
    (
        "DescribeInstanceTypeOfferings DescribeNetworkAcls DescribeVpcEndpointServices", "*[]", BOTH,
        "here the region has three zones with a subnet each, which is what DescribeAvailabilityZones says; in moto "
        "as many as AWS's",
    ),
    ("DescribeVpcEndpointServices", "ServiceDetails[].AvailabilityZoneIds", HERE, NO_MEMBER),
    (
        "DescribeVpcEndpointServices", "ServiceDetails[].*Dns*", HERE,
        "the example of a gateway's service has this base name, and no private ones",
    ),
    ("DescribeVpcEndpointServices", "ServiceDetails[].ServiceRegion", HERE, NO_MEMBER),
    ("CreateVpcEndpoint", "VpcEndpoint.DnsOptions", HERE, NO_MEMBER),
    (
        "CreateVpcEndpoint", "VpcEndpoint.DnsEntries[]", HERE,
        "the example has a name for the whole endpoint and one for its zone",
    ),
    ("CreateVpcEndpoint", "VpcEndpoint.IpAddressType", HERE, NO_MEMBER),
    ("CreateVpcEndpoint", "VpcEndpoint.RequesterManaged", HERE, NO_MEMBER),
    ("CreateVpcEndpoint", "VpcEndpoint.ServiceRegion", HERE, NO_MEMBER),
    ("CreateVpcEndpoint", "VpcEndpoint.VpcEndpointType", HERE, "CreateVpcEndpoint: the default is Gateway"),
    ("CreateVpcEndpoint", "VpcEndpoint.P*", HERE, NO_EFFECT + " (PolicyDocument, PrivateDnsEnabled)"),
    (
        "CreateNatGateway CreateSnapshot CreateSnapshots CreateVolume CreateVpc CreateVpcEndpoint ModifyVolume "
        "ModifyInstanceMetadataOptions",
        "*State", HERE, AT_ONCE,
    ),
    ("DescribeNatGateways", "NatGateways[].State", HERE, AT_ONCE, PASSING),
    ("CreateSnapshot CreateSnapshots ModifyVolume", "*Progress", HERE, AT_ONCE),
    ("ModifyVolume", "VolumeModification.EndTime", HERE, AT_ONCE),
    (
        "AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CopySnapshot CreateDhcpOptions "
        "CreateLaunchTemplate CreateNatGateway DescribeAddresses DescribeImages DescribeLaunchTemplates "
        "DescribeNatGateways DescribeSnapshots ImportKeyPair ModifyLaunchTemplate",
        "*Tags", HERE, EMPTY,
    ),
    (
        "CreateSubnet DescribeSecurityGroups DescribeSubnets DescribeVpcs", "*Tags", BOTH,
        "the member is optional, and all that the examples show have tags",
    ),
    ("CreateVolume", "Attachments", HERE, EMPTY),
    ("CreateNetworkInterface", "NetworkInterface.Association", HERE, EMPTY),
    ("DescribeVpcs", "Vpcs[].Ipv6CidrBlockAssociationSet", HERE, EMPTY),
    ("DescribeImages", "Images[].ProductCodes", HERE, EMPTY),
    (
        "DescribeSnapshotAttribute", "*s", HERE,
        "the answer has the one attribute that was asked for; moto always answers the permissions",
    ),
    ("AllocateAddress DescribeAddresses", "*NetworkBorderGroup", HERE, NO_MEMBER),
    ("AllocateAddress DescribeAddresses", "*PublicIpv4Pool", HERE, NO_MEMBER),
    ("AllocateAddress CreateNatGateway DescribeAddresses DescribeNatGateways", "*PublicIp", BOTH, OWN_ADDRESSES),
    ("CreateNatGateway DescribeNatGateways", "*PrivateIp", BOTH, OWN_ADDRESSES),
    (
        "CreateNetworkInterface DescribeInstances DescribeNetworkInterfaces RunInstances", "*MacAddress", BOTH,
        OWN_ADDRESSES,
    ),
    (
        "CreateNetworkInterface DescribeInstances DescribeNetworkInterfaces RunInstances", "*PrivateIpAddress", BOTH,
        OWN_ADDRESSES,
    ),
    (
        "CreateNetworkInterface DescribeInstances DescribeNetworkInterfaces RunInstances", "*PrivateDnsName", BOTH,
        OWN_ADDRESSES,
    ),
    ("DescribeInstances", "Reservations[].Instances[].Public*", BOTH, OWN_ADDRESSES),
    (
        "DescribeInstances DescribeNetworkInterfaces", "*Association*", HERE,
        "the public name is ec2-… (Amazon VPC's guide), and Amazon owns an address that it gave; both choose the "
        "address themselves",
    ),
    (
        "RunInstances", "Instances[].*Association", HERE,
        "the example: an instance that is pending has no public address, name or association yet",
    ),
    ("RunInstances", "Instances[].Public*", HERE, "the same example"),
    (
        "DescribeAddresses", "Addresses[].*Id", HERE,
        "Address: the instance and the interface that it is associated with, if any; moto answers empty ones",
    ),
    (
        "DescribeAddressesAttribute", "Addresses[]", HERE,
        "DescribeAddressesAttribute: only an address that was given a reverse name has an attribute, and none was",
    ),
    ("CreateNetworkInterface DescribeNetworkInterfaces", "*AvailabilityZoneId", HERE, NO_MEMBER),
    ("CreateNetworkInterface", "*RequesterId", MOTO, "the example has the id of who made it, which is not kept here"),
    (
        "DescribeNetworkInterfaces", "*RequesterId", HERE,
        "NetworkInterface: the id of who launched the instance on the owner's behalf, and nobody did",
    ),
    (
        "DescribeInstances DescribeNetworkInterfaces RunInstances", "*Description", HERE,
        "the example of RunInstances: the description of the interface is empty",
    ),
    (
        "DescribeInstances DescribeNetworkInterfaceAttribute DescribeNetworkInterfaces RunInstances",
        "*Attachment.DeleteOnTermination", HERE,
        "the example of RunInstances: an interface that was made with the instance goes with it",
    ),
    (
        "DescribeNetworkInterfaceAttribute", "Attachment.Instance*", MOTO,
        "the example has the instance and its owner in the attachment",
    ),
    ("CreateNatGateway DescribeNatGateways", "*ConnectivityType", HERE, NO_MEMBER),
    ("CreateNatGateway DescribeNatGateways", "*IsPrimary", HERE, NO_MEMBER),
    ("CreateNatGateway DescribeNatGateways", "*Status", HERE, NO_MEMBER),
    (
        "CreateNetworkAcl", "NetworkAcl.Entries[]", HERE,
        "the example: a new list has two entries, which deny what nothing else allows",
    ),
    ("CreateRouteTable DescribeRouteTables", "*PropagatingVgws", HERE, "the example has the empty list"),
    (
        "DescribeRouteTables", "RouteTables[].Routes[]", HERE,
        "the main table of the default VPC has a route to its gateway (Amazon VPC's guide)",
    ),
    (
        "ReplaceIamInstanceProfileAssociation ReplaceRouteTableAssociation", "*AssociationId", HERE,
        "the examples: the new association has an id of its own",
    ),
    ("CreateDhcpOptions", "DhcpOptions.OwnerId", HERE, NO_MEMBER),
    ("CreateSubnet CreateVpc DescribeSubnets DescribeVpcs", "*BlockPublicAccessStates", HERE, NO_MEMBER),
    ("CreateSubnet DescribeSubnets", "*EnableDns64", HERE, NO_MEMBER),
    ("CreateSubnet DescribeSubnets", "*MapCustomerOwnedIpOnLaunch", HERE, NO_MEMBER),
    (
        "DescribeSubnets", "Subnets[].AvailableIpAddressCount", BOTH,
        "what the rows before have made is in other subnets: each chooses where a launch without one goes",
    ),
    ("DescribePrefixLists", "PrefixLists[].Cidrs", HERE, NO_MEMBER),
    (
        "AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress DescribeSecurityGroupRules", "*GroupOwnerId", HERE,
        NO_MEMBER,
    ),
    (
        "AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress DescribeSecurityGroupRules",
        "*SecurityGroupRuleArn", HERE, NO_MEMBER,
    ),
    (
        "AuthorizeSecurityGroupIngress", "SecurityGroupRules[].*Port", HERE,
        "SecurityGroupRule: of all protocols both ports are -1",
    ),
    ("RevokeSecurityGroupEgress RevokeSecurityGroupIngress", "RevokedSecurityGroupRules", HERE, NO_MEMBER),
    (
        "UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress", "Return", HERE,
        NO_MEMBER,
    ),
    ("DeleteSecurityGroup", "*", HERE, NO_MEMBER),
    ("DescribeAvailabilityZones", "AvailabilityZones[].*", HERE, NO_MEMBER),
    (
        "CreateKeyPair DescribeKeyPairs ImportKeyPair", "*KeyFingerprint", HERE,
        "Amazon EC2's guide: the fingerprint of an ED25519 key is what ssh-keygen -lf prints, in Base64; moto's is in "
        "hexadecimal",
    ),
    ("CreateKeyPair", "KeyMaterial", BOTH, "each makes its keys"),
    ("DescribeKeyPairs", "KeyPairs[].*", BOTH, "the same; and lists of different fingerprints have another order"),
    ("CreateLaunchTemplateVersion", "*.ImageId", HERE, NO_EFFECT + " (SourceVersion: the members of that version)"),
    ("DeleteLaunchTemplate", "LaunchTemplate.*", HERE, "the example has all of a template's members"),
]

COMPUTE = [
    (
        "AssociateIamInstanceProfile DescribeIamInstanceProfileAssociations DisassociateIamInstanceProfile "
        "ReplaceIamInstanceProfileAssociation",
        "*Timestamp", BOTH, "the API reference has the member in this answer; no example has it",
    ),
    (
        "AttachVolume", "DeleteOnTermination", BOTH,
        "the API reference has the member in this answer; the example has not",
    ),
    ("CreateSnapshot DescribeSnapshots", "*StorageTier", HERE, NO_MEMBER),
    ("CreateVolume DescribeVolumes", "*AvailabilityZoneId", HERE, NO_MEMBER),
    ("CreateVolume DescribeVolumes", "*MultiAttachEnabled", HERE, NO_MEMBER),
    (
        "CreateVolume DescribeVolumes", "*SnapshotId", HERE,
        "the example: of a volume that was made of no snapshot it is empty",
    ),
    ("CreateVolume DescribeVolumes", "*Throughput", HERE, NO_MEMBER),
    ("DescribeVolumes", "Volumes[].Iops", HERE, NO_MEMBER),
    ("DescribeVolumes", "Volumes[].Attachments[].DeleteOnTermination", HERE, NO_MEMBER),
    (
        "DescribeVolumesModifications ModifyVolume", "*Original*", HERE,
        "the example of ModifyVolume: what was not changed is told too",
    ),
    ("DescribeVolumesModifications ModifyVolume", "*Target*", HERE, "the same example"),
    ("DeregisterImage", "DeleteSnapshotResults", HERE, NO_MEMBER + ", though the row asks for it"),
    ("GetEbsEncryptionByDefault", "SseType", HERE, NO_MEMBER),
    (
        "GetConsoleOutput", "Output", HERE,
        "the console of this instance is empty; moto answers a log of its own, of no instance",
    ),
    (
        "DescribeImages", "Images[].BlockDeviceMappings[].*", HERE,
        NO_EFFECT + " (BlockDeviceMappings of RegisterImage)",
    ),
    ("DescribeImages", "Images[].RootDevice*", HERE, NO_EFFECT + " (RootDeviceName of RegisterImage)"),
    (
        "DescribeImages", "Images[].BootMode", HERE,
        "Image: without a boot mode the member is not there; moto says uefi of every image",
    ),
    ("DescribeImages", "Images[].Description", HERE, EMPTY),
    (
        "DescribeImages", "Images[].Architecture", HERE,
        "RegisterImage: an image with disks is of the default architecture, which is told",
    ),
    ("DescribeImages", "Images[].EnaSupport", HERE, NO_MEMBER),
    ("DescribeImages", "Images[].Hypervisor", HERE, NO_MEMBER),
    ("DescribeImages", "Images[].ImageLocation", HERE, NO_MEMBER),
    ("DescribeImages", "Images[].PlatformDetails", HERE, NO_MEMBER),
    ("DescribeImages", "Images[].UsageOperation", HERE, NO_MEMBER),
    ("DescribeImages", "Images[].VirtualizationType", HERE, NO_MEMBER),
    ("DescribeInstanceAttribute", "BlockDeviceMappings", HERE, NO_MEMBER),
    (
        "DescribeInstanceAttribute DescribeInstances RunInstances", "*Groups[]", HERE,
        "RunInstances: without a group the instance is in the default one; in moto in none",
    ),
    (
        "DescribeInstanceAttribute", "*Id", HERE,
        "the answer has the attribute that was asked for, if without a value: an instance has no kernel of its own",
    ),
    (
        "DescribeInstanceAttribute DescribeInstances RunInstances", "*SriovNetSupport*", HERE,
        "Amazon EC2's guide: it is simple where the interface of Intel's is enabled, which a t2 and a t3 have not",
    ),
    ("DescribeInstanceStatus", "InstanceStatuses[].AvailabilityZoneId", HERE, NO_MEMBER),
    (
        "DescribeInstanceTypes", "InstanceTypes[]", BOTH,
        "AWS's list grows; here are the families that are likely to be named, and in moto all of one day",
    ),
    (
        "DescribeInstanceTypes", "InstanceTypes[].EbsInfo.*", MOTO,
        "moto has AWS's own answer for each type; the member is optional, and not told here",
    ),
    ("DescribeInstanceTypes", "InstanceTypes[].N*", MOTO, "the same"),
    ("DescribeInstanceTypes", "InstanceTypes[].P*", MOTO, "the same"),
    ("DescribeInstanceTypes", "InstanceTypes[].RebootMigrationSupport", MOTO, "the same"),
    (
        "DescribeInstanceTypes", "InstanceTypes[].*Supported", BOTH,
        "moto has AWS's own answer; here it is told what a launch can have, and nothing recovers or hibernates",
    ),
    (
        "DescribeInstanceTypes", "InstanceTypes[].SupportedUsageClasses[]", BOTH,
        "the same: here nothing is a spot instance",
    ),
    (
        "DescribeInstanceTypes", "InstanceTypes[].FreeTierEligible", BOTH,
        "which types are free goes by the account's age, by AWS's free tier",
    ),
    ("DescribeInstances DescribeVolumes RunInstances", "*Device*", BOTH, IMAGES),
    ("DescribeInstanceAttribute", "RootDeviceName.Value", BOTH, IMAGES),
    ("DescribeVolumes", "Volumes[].VolumeType", BOTH, IMAGES),
    ("DescribeInstances RunInstances", "*KernelId", BOTH, IMAGES),
    ("DescribeInstances RunInstances", "*VirtualizationType", BOTH, IMAGES),
    (
        "DescribeInstances RunInstances", "*MetadataOptions.*", BOTH,
        "Amazon EC2's guide: without options they are those of the image, and each has images of its own",
    ),
    ("ModifyInstanceMetadataOptions", "*.HttpEndpoint", HERE, "the example has what was not changed"),
    ("ModifyInstanceMetadataOptions", "*.HttpProtocolIpv6", HERE, NO_MEMBER),
    ("ModifyInstanceMetadataOptions", "InstanceMetadataOptions.InstanceMetadataTags", HERE, NO_MEMBER),
    (
        "DescribeInstances RunInstances", "*ClientToken", HERE,
        "the example of RunInstances: it is empty where none was given; moto says ABCDE of every instance",
    ),
    ("DescribeInstances RunInstances", "*CapacityReservationSpecification", HERE, "the example of RunInstances has it"),
    ("DescribeInstances RunInstances", "*CpuOptions", HERE, "the example of RunInstances has it"),
    ("DescribeInstances RunInstances", "*EnaSupport", HERE, NO_MEMBER),
    ("DescribeInstances RunInstances", "*EnclaveOptions", HERE, NO_MEMBER),
    ("DescribeInstances RunInstances", "*HibernationOptions.Configured", HERE, NO_MEMBER),
    ("DescribeInstances RunInstances", "*MaintenanceOptions", HERE, NO_MEMBER),
    ("DescribeInstances RunInstances", "*Placement.AvailabilityZoneId", HERE, NO_MEMBER),
    ("DescribeInstances RunInstances", "*PlatformDetails", HERE, NO_MEMBER),
    ("DescribeInstances RunInstances", "*PrivateDnsNameOptions", HERE, NO_MEMBER),
    ("DescribeInstances RunInstances", "*UsageOperation*", HERE, NO_MEMBER),
    (
        "DescribeInstances", "*Placement.Group*", HERE,
        "the instance was moved into a placement group, which moto cannot make",
    ),
    (
        "DescribeInstances", "Reservations[].Instances[].NetworkInterfaces[]", BOTH,
        "instances differ in order, and only some have a second interface",
        PASSING,
    ),
    (
        "DescribeInstances", "*NetworkInterfaceId", BOTH,
        "here the id of the first interface has the digits of the instance's; no form of it is promised",
    ),
    (
        "DescribeInstances", "*StateReason", HERE,
        "the examples: an instance that runs has no reason; moto answers an empty one",
    ),
    ("DescribeInstances", "*StateTransitionReason", HERE, "what people print of AWS's answer has the time as GMT"),
    ("RunInstances", "*StateReason.*", HERE, "the example: the reason of a new instance is pending"),
]

EC2 = RESOURCES + COMPUTE
