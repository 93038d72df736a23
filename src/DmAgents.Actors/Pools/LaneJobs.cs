using System.Collections.Immutable;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>What a pool actor asks of its lane: effects on the pool as a whole, one after the other.</summary>
internal static class LaneJobs
{
    /// <summary>Make the pool live and look at what it has.</summary>
    /// <param name="IsAsked">The operator wants it: a pool that waits for a check is taken down for that, too, unless
    /// something of it is in use.</param>
    internal sealed record Open(PoolContext Pool, PoolState State, bool IsAsked = false) : ILocalMessage;

    /// <summary>Take away what no record wants.</summary>
    internal sealed record CleanUp(PoolContext Pool, RecoveryPlan Plan) : ILocalMessage;

    /// <summary>Find out how the pool can be extended, by the first of these that is possible.</summary>
    internal sealed record PlanGrowth(PoolContext Pool, ImmutableArray<GrowthRequest> Requests) : ILocalMessage;

    /// <summary>Set what a full pool does to writers.</summary>
    internal sealed record SetNoSpace(PoolContext Pool, NoSpacePolicy Policy) : ILocalMessage;

    /// <summary>Make what a growth adds the pool's own.</summary>
    internal sealed record PrepareGrowth(PoolContext Pool, RequestId Request) : ILocalMessage;

    /// <summary>Give the live pool the length of its backing.</summary>
    internal sealed record Grow(PoolContext Pool, RequestId Request) : ILocalMessage;

    /// <summary>Make sure that the pool is live as its backing says.</summary>
    internal sealed record Confirm(PoolContext Pool, RequestId Request) : ILocalMessage;

    /// <summary>Set the transaction id.</summary>
    internal sealed record Mark(PoolContext Pool, TransactionId Expected, TransactionId Next) : ILocalMessage;

    /// <summary>Read the status.</summary>
    internal sealed record ReadStatus(PoolContext Pool) : ILocalMessage;

    /// <summary>Delete a quarantined id.</summary>
    internal sealed record Purge(PoolContext Pool, ThinId Id) : ILocalMessage;

    /// <summary>Take down what a creation that failed has made live.</summary>
    internal sealed record Abandon(PoolContext Pool) : ILocalMessage;

    /// <summary>Take the pool down and make its metadata usable.</summary>
    internal sealed record Mend(PoolContext Pool, PoolCommands.MendMetadata Asked, MetadataShape Shape) : ILocalMessage;

    /// <summary>Give up the metadata that others have replaced.</summary>
    internal sealed record DiscardMetadata(PoolContext Pool, ImmutableArray<KeptMetadata> Kept, RequestId Request)
        : ILocalMessage;

    /// <summary>Make nothing live of the pool's devices.</summary>
    internal sealed record MakeIdle(PoolContext Pool, ImmutableArray<DeviceRecord> Devices) : ILocalMessage;

    /// <summary>Make the pool what it was before it was taken over.</summary>
    internal sealed record GiveBack(PoolContext Pool, PoolState State) : ILocalMessage;

    /// <summary>Take down what is the agent's own of a pool that was given back.</summary>
    internal sealed record LetGo(PoolContext Pool, ImmutableArray<DeviceRecord> Devices) : ILocalMessage;

    /// <summary>Take everything down, and remove labels or files.</summary>
    internal sealed record Retire(
        PoolContext Pool, ImmutableArray<DeviceRecord> Devices, ImmutableArray<KeptMetadata> Kept) : ILocalMessage;
}

/// <summary>What the lane answers.</summary>
internal static class LaneResults
{
    /// <param name="Unchecked">Why the metadata could not be checked before; null where they were, or had not to be.
    /// </param>
    /// <param name="Hints">What is known of thin ids that the journal does not know.</param>
    /// <param name="Sectors">That the pool's sectors are larger than those it was made with; null where they are not.
    /// </param>
    /// <param name="Formats">File systems that the kernel does not take.</param>
    internal sealed record Opened(
        KernelPicture Picture, KernelError? Unchecked, ImmutableDictionary<ThinId, DeviceHint> Hints, string? Sectors,
        ImmutableArray<FormatConcern> Formats) : ILocalMessage;

    /// <summary>Pool and journal do not belong together.</summary>
    internal sealed record Mismatched(TransactionId Found, Checkpoint Expected) : ILocalMessage;

    /// <param name="WasGivenUp">The pool is live, and the kernel has given it up.</param>
    internal sealed record OpenFailed(KernelError Error, bool WasGivenUp = false) : ILocalMessage;

    /// <param name="Errors">What could not be taken away.</param>
    internal sealed record CleanedUp(RecoveryPlan Plan, ImmutableArray<KernelError> Errors) : ILocalMessage;

    internal sealed record GrowthPlanned(BackingPlan Plan) : ILocalMessage;

    internal sealed record NoSpaceSet(NoSpacePolicy Policy, KernelResult Outcome) : ILocalMessage;

    internal sealed record GrowthPrepared(RequestId Request, KernelResult Outcome) : ILocalMessage;

    internal sealed record Grown(RequestId Request, KernelResult Outcome) : ILocalMessage;

    internal sealed record Confirmed(RequestId Request, KernelResult Outcome) : ILocalMessage;

    /// <param name="Found">The pool's transaction id where setting it failed; null where that cannot be told.</param>
    internal sealed record Marked(TransactionId Next, KernelResult Outcome, TransactionId? Found) : ILocalMessage;

    internal sealed record Status(KernelResult<ThinPoolStatus> Outcome) : ILocalMessage;

    internal sealed record Purged(ThinId Id, KernelResult Outcome) : ILocalMessage;

    internal sealed record Mended(PoolCommands.MendMetadata Asked, MendOutcome Outcome) : ILocalMessage;

    internal sealed record MetadataDiscarded(RequestId Request, KernelResult Outcome) : ILocalMessage;

    internal sealed record Abandoned(KernelResult Outcome) : ILocalMessage;

    internal sealed record Retired(KernelResult Outcome) : ILocalMessage;

    internal sealed record MadeIdle(KernelResult Outcome) : ILocalMessage;

    internal sealed record GivenBack(KernelResult Outcome) : ILocalMessage;

    internal sealed record LetGone(KernelResult Outcome) : ILocalMessage;
}
