using DmAgents.Testing.Contracts;

namespace DmAgents.Kernel.Tests.Contract;

// One kernel for all; each fact cleans up after itself.

[Trait("Needs", "Kernel")]
public sealed class LinuxPoolTests() : PoolContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxPoolGrowthTests() : PoolGrowthContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxThinDeviceTests() : ThinDeviceContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxActivationTests() : ActivationContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxSnapshotTests() : SnapshotContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxSuspendTests() : SuspendContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxRemovalTests() : RemovalContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxLinearTests() : LinearContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxLoopTests() : LoopContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxFileSystemTests() : FileSystemContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxMountTests() : MountContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxDiscardTests() : DiscardContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxExhaustionTests() : ExhaustionContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxEventTests() : EventContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxPoolClaimTests() : PoolClaimContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxTransactionTests() : TransactionContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxListThinsTests() : ListThinsContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxOwnBlocksTests() : OwnBlocksContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxBlockDeviceTests() : BlockDeviceContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxSectorTests() : SectorContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxFeatureTests() : FeatureContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxVolumeGroupTests() : VolumeGroupContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxMetadataTests() : MetadataContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxChangedRangesTests() : ChangedRangesContract(new LinuxKernelFixture());

[Trait("Needs", "Kernel")]
public sealed class LinuxLayerBlocksTests() : LayerBlocksContract(new LinuxKernelFixture());
