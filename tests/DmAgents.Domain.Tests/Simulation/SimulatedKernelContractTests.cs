using DmAgents.Testing.Contracts;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Simulation;

// Each fact gets a simulated host of its own.

public sealed class SimulatedPoolTests() : PoolContract(new SimulatedKernelFixture());

public sealed class SimulatedPoolGrowthTests() : PoolGrowthContract(new SimulatedKernelFixture());

public sealed class SimulatedThinDeviceTests() : ThinDeviceContract(new SimulatedKernelFixture());

public sealed class SimulatedActivationTests() : ActivationContract(new SimulatedKernelFixture());

public sealed class SimulatedSnapshotTests() : SnapshotContract(new SimulatedKernelFixture());

public sealed class SimulatedSuspendTests() : SuspendContract(new SimulatedKernelFixture());

public sealed class SimulatedRemovalTests() : RemovalContract(new SimulatedKernelFixture());

public sealed class SimulatedLinearTests() : LinearContract(new SimulatedKernelFixture());

public sealed class SimulatedLoopTests() : LoopContract(new SimulatedKernelFixture());

public sealed class SimulatedFileSystemTests() : FileSystemContract(new SimulatedKernelFixture());

public sealed class SimulatedMountTests() : MountContract(new SimulatedKernelFixture());

public sealed class SimulatedDiscardTests() : DiscardContract(new SimulatedKernelFixture());

public sealed class SimulatedExhaustionTests() : ExhaustionContract(new SimulatedKernelFixture());

public sealed class SimulatedEventTests() : EventContract(new SimulatedKernelFixture());

public sealed class SimulatedPoolClaimTests() : PoolClaimContract(new SimulatedKernelFixture());

public sealed class SimulatedTransactionTests() : TransactionContract(new SimulatedKernelFixture());

public sealed class SimulatedListThinsTests() : ListThinsContract(new SimulatedKernelFixture());

public sealed class SimulatedOwnBlocksTests() : OwnBlocksContract(new SimulatedKernelFixture());

public sealed class SimulatedBlockDeviceTests() : BlockDeviceContract(new SimulatedKernelFixture());

public sealed class SimulatedSectorTests() : SectorContract(new SimulatedKernelFixture());

public sealed class SimulatedFeatureTests() : FeatureContract(new SimulatedKernelFixture());

public sealed class SimulatedVolumeGroupTests() : VolumeGroupContract(new SimulatedKernelFixture());

public sealed class SimulatedMetadataTests() : MetadataContract(new SimulatedKernelFixture());

public sealed class SimulatedChangedRangesTests() : ChangedRangesContract(new SimulatedKernelFixture());

public sealed class SimulatedLayerBlocksTests() : LayerBlocksContract(new SimulatedKernelFixture());
