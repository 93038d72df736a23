using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>
/// Turns an operator's request into a backing, or explains why it is impossible. Examines disks and files through the
/// ports, and writes nothing, except that the growth by a volume creates the volume.
/// </summary>
/// <remarks>Each topic has a planner of its own in this folder.</remarks>
public sealed class BackingPlanner(IKernel kernel)
{
    /// <summary>Plans a new pool.</summary>
    /// <param name="paths">The pool's future paths.</param>
    /// <param name="blockSize">The new pool's block size; an existing one keeps its own.</param>
    /// <param name="force">Overwrite the content of the disks.</param>
    public BackingPlan Plan(PoolPaths paths, BackingRequest request, PoolBlockSize blockSize, bool force) =>
        request is BackingRequest.Existing existing
            ? new LivePoolPlanner(kernel).PlanEmpty(existing.Pool)
            : new NewPoolPlanner(kernel, blockSize).Plan(paths, request, force);

    /// <summary>Finds the parts of a pool of which only the place is known. The pool's own metadata give their lengths:
    /// a part that starts elsewhere would show other blocks than the pool's.</summary>
    /// <param name="request">The place; sizes are ignored.</param>
    /// <param name="owner">The pool on the labels of its disks; null if there are no labels.</param>
    public BackingPlan PlanAdoption(PoolPaths paths, BackingRequest request, out PoolUuid? owner) =>
        new AdoptionPlanner(kernel).Plan(paths, request, out owner);

    /// <summary>Plans the growth of a pool: a backing that extends the present one.</summary>
    /// <param name="force">Overwrite the content of an added disk.</param>
    public BackingPlan PlanGrowth(PoolIdentity pool, GrowthRequest request, bool force) =>
        new GrowthPlanner(kernel, pool).Plan(request, force);

    /// <summary>Examines a future spare disk of the pool.</summary>
    /// <returns>The disk by the path to journal, or why it is unsuitable.</returns>
    public (DevicePath Disk, Refusal? Refusal) LookAtSpare(PoolIdentity pool, DevicePath disk) =>
        new GrowthPlanner(kernel, pool).LookAtSpare(disk);

    /// <summary>Plans a place for replacement metadata beside the present ones: a file beside a loop file; for a pool
    /// of disks the named disk, or its first spare disk that is large enough.</summary>
    /// <param name="into">Null: one of the spares.</param>
    /// <param name="force">Overwrite the content of the named disk.</param>
    public BackingPlan PlanMetadata(
        PoolIdentity pool, ImmutableArray<KeptMetadata> kept, ImmutableArray<DevicePath> spares, DevicePath? into,
        bool force, string what) =>
        new MetadataPlanner(kernel, pool, kept, what).Plan(spares, into, force);
}
