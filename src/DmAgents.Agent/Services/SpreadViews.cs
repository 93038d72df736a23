using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;

namespace DmAgents.Agent.Services;

/// <summary>Images and containers of the fleet in the API's terms.</summary>
internal static class SpreadViews
{
    public static ImageSpread Of(ImageState state) => new()
    {
        Reference = state.Reference.Value,
        Id = state.Config?.Value ?? "",
        CopiesWanted = (uint)state.Wanted,
        Hosts =
        {
            state.Hosts.Keys.Union(state.Pinned).Union(state.Troubles.Keys).Order(HostNameOrder.Instance)
                .Where(host => IsOfInterest(state, host)).Select(host => Of(state, host)),
        },
        CopiesUnderWay = { state.Copies.Values.Select(Of) },
        Decisions = { state.Decisions.Reverse().Select(Of) },
    };

    public static FleetContainer Of(ContainerState state) => new()
    {
        Name = state.Name.Value,
        Host = state.Host?.Value ?? "",
        Epoch = state.Epoch.Number,
        Phase = state.Phase switch
        {
            ContainerPhase.BringingImage => FleetContainer.Types.Phase.BringingImage,
            ContainerPhase.Creating => FleetContainer.Types.Phase.Creating,
            ContainerPhase.Owned => FleetContainer.Types.Phase.Present,
            ContainerPhase.Vanished => FleetContainer.Types.Phase.Vanished,
            ContainerPhase.Removing => FleetContainer.Types.Phase.Removing,
            _ => FleetContainer.Types.Phase.Unspecified,
        },
        Image = state.Image?.Value ?? "",
        Why = state.Why,
        Candidates = { state.Candidates.Select(Of) },
    };

    private static bool IsOfInterest(ImageState state, HostName host) =>
        state.Hosts.GetValueOrDefault(host)?.Holding is not null || state.Pinned.Contains(host)
        || state.Troubles.ContainsKey(host);

    private static SpreadHost Of(ImageState state, HostName host)
    {
        var known = state.Hosts.GetValueOrDefault(host);
        var view = new SpreadHost
        {
            Host = host.Value,
            Holding = HoldingOf(state, host, known),
            Pinned = state.Pins.Contains(new ImagePin(host, For: null)),
            PinnedFor =
            {
                state.Pins.Where(pin => pin.Host == host).Select(pin => pin.For?.Container.Value).OfType<string>()
                    .Distinct().Order(StringComparer.Ordinal),
            },
            InUse = known?.Holding?.InUse ?? false,
            Kept = known?.Holding?.Kept ?? false,
        };
        if (known?.LostSince is { } since)
            view.LostSince = Views.Time(since);
        if (state.Troubles.GetValueOrDefault(host) is { } trouble)
        {
            (view.Failure, view.Failures) = (trouble.Why, (uint)trouble.Failures);
            view.NotBefore = Views.Time(trouble.NotBefore);
        }
        return view;
    }

    private static SpreadHost.Types.Holding HoldingOf(ImageState state, HostName host, ImageHost? known) => known switch
    {
        { LostSince: not null } => SpreadHost.Types.Holding.Lost,
        { Holding: { } held } when held.Config != state.Config => SpreadHost.Types.Holding.OtherImage,
        { Holding.Kind: HoldingKind.Releasing or HoldingKind.Dropping } => SpreadHost.Types.Holding.Leaving,
        _ when state.Releasing.Contains(host) => SpreadHost.Types.Holding.Leaving,
        { Holding.Kind: HoldingKind.Whole } => SpreadHost.Types.Holding.Whole,
        _ => SpreadHost.Types.Holding.Incomplete,
    };

    private static SpreadCopy Of(ImageCopy copy) => new()
    {
        Host = copy.Target.Value,
        Pool = copy.Pool?.Value ?? "",
        DataBytes = copy.Space.Data.Bytes,
        Until = Views.Time(copy.Until),
    };

    private static SpreadDecision Of(PlacementRecord decision) => new()
    {
        At = Views.Time(decision.At),
        Host = decision.Chosen?.Value ?? "",
        Why = decision.Why,
        Candidates = { decision.Candidates.Select(Of) },
    };

    private static SpreadCandidate Of(Candidate candidate)
    {
        var view = Weighed(candidate);
        if (candidate.Room >= 0)
            (view.RoomPermille, view.Score) = ((uint)candidate.Room, (uint)candidate.Score);
        return view;
    }

    private static SpreadCandidate Weighed(Candidate candidate) => new()
    {
        Host = candidate.Host.Value,
        Verdict = candidate.Verdict switch
        {
            CandidateVerdict.Fits => SpreadCandidate.Types.Verdict.Fits,
            CandidateVerdict.HasIt => SpreadCandidate.Types.Verdict.HasIt,
            CandidateVerdict.UnderWay => SpreadCandidate.Types.Verdict.UnderWay,
            CandidateVerdict.ComingBack => SpreadCandidate.Types.Verdict.ComingBack,
            CandidateVerdict.FailedRecently => SpreadCandidate.Types.Verdict.FailedRecently,
            CandidateVerdict.LowData => SpreadCandidate.Types.Verdict.LowData,
            CandidateVerdict.LowMetadata => SpreadCandidate.Types.Verdict.LowMetadata,
            CandidateVerdict.OtherImage => SpreadCandidate.Types.Verdict.OtherImage,
            _ => SpreadCandidate.Types.Verdict.Unspecified,
        },
        MissingDataBytes = candidate.Missing.Data.Bytes,
        MissingMetadataBytes = candidate.Missing.Metadata.Bytes,
        LocalityPermille = (uint)candidate.Locality,
    };
}
