using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;

namespace DmAgents.Domain.Fleet.Images;

/// <summary>
/// Compares an image's copies with the wanted number. It decides toward the number, never "one more": copies under way,
/// and those of a lost host that may come back, count. A second run decides nothing more.
/// </summary>
internal static class ImagePlanner
{
    public static FleetDecision<ImageEvent, ImageReply> Consider(ImageState state, ImageCommands.Consider c)
    {
        var events = ImmutableArray.CreateBuilder<ImageEvent>();
        // A ledger may not yet know of a loss that this entity knows of.
        c = c with { Offers = c.Offers.RemoveAll(offer => IsGone(state, offer)) };
        if (!state.IsKnown)
            return new([], new ImageReplies.Considered(Missing: 0));
        var now = EndLapsed(state, c, events);
        now = EndUnwanted(now, c, events);
        var missing = Place(ref now, c, events);
        Release(now, c, events);
        return new(events.ToImmutable(), new ImageReplies.Considered(missing));
    }

    private static ImageState EndLapsed(
        ImageState state, ImageCommands.Consider c, ImmutableArray<ImageEvent>.Builder events)
    {
        foreach (var copy in state.Copies.Values.Where(copy => copy.Until <= c.At))
        {
            state = Add(state, events, new ImageEvents.CopyEnded(
                copy.Id.Number, CopyEnd.Lapsed, "nothing was heard of it",
                ImageDecider.Rest(state, copy.Target, c.Policy.RetryAfter, c.At), c.At));
        }
        return state;
    }

    /// <summary>Ends copies that have not started if others make them unnecessary: a host came back, or the wanted
    /// number fell.</summary>
    private static ImageState EndUnwanted(
        ImageState state, ImageCommands.Consider c, ImmutableArray<ImageEvent>.Builder events)
    {
        foreach (var copy in state.Copies.Values.Reverse()
            .Where(copy => copy.Phase == CopyPhase.Planned && !state.Pinned.Contains(copy.Target)))
        {
            if (Counted(state, c) > state.Wanted)
            {
                state = Add(state, events, ImageDecider.End(
                    copy.Id.Number, CopyEnd.NotWanted, "there are enough copies without it", c.At));
            }
        }
        return state;
    }

    /// <returns>The number of copies for which no host was found.</returns>
    private static int Place(
        ref ImageState state, ImageCommands.Consider c, ImmutableArray<ImageEvent>.Builder events)
    {
        // If no host has the whole image, nothing can be copied; copies under way have a source, or fail.
        if (!state.Holders.Any())
            return Math.Max(0, state.Wanted - Counted(state, c));
        var lineage = state.Lineage.Select(layer => layer.Space).ToImmutableArray();
        var (whys, candidates) = (new List<string>(), new List<Candidate>());
        PlacePinned(ref state, lineage, c, events, whys, candidates);
        var lacking = whys.Count;
        while (Counted(state, c) < state.Wanted)
        {
            var why = Reason(state, c);
            var weighed = Weigh(state, lineage, c, c.Offers);
            if (weighed.FirstOrDefault() is not { Verdict: CandidateVerdict.Fits } best)
            {
                whys.Add(why);
                candidates.AddRange(weighed);
                break;
            }
            state = Plan(state, c, events, best, why, weighed);
        }
        if (whys.Count > 0)
            SayNoHostFits(ref state, c, events, string.Join("; ", whys), candidates);
        // A copy on a host that an operator named would count toward the number.
        return Math.Max(lacking, state.Wanted - Counted(state, c));
    }

    /// <summary>Places copies on the hosts that an operator named. If a host cannot have one, records why and how it
    /// was weighed.</summary>
    private static void PlacePinned(
        ref ImageState state, ImmutableArray<PoolSpace> lineage, ImageCommands.Consider c,
        ImmutableArray<ImageEvent>.Builder events, List<string> whys, List<Candidate> candidates)
    {
        foreach (var host in state.Pinned.Except(Counting(state, c)))
        {
            var why = $"{host} is to have a copy";
            // Weigh it alone: among the others it might not be one of the best.
            switch (Weigh(state, lineage, c, c.Offers.Where(offer => offer.Host == host)).FirstOrDefault())
            {
                case null:
                    whys.Add($"{why}, and is not there or offers no pool");
                    break;
                case { Verdict: CandidateVerdict.Fits } candidate:
                    state = Plan(state, c, events, candidate, why, [candidate]);
                    break;
                case { Verdict: CandidateVerdict.HasIt or CandidateVerdict.ComingBack }:
                    break;
                case var candidate:
                    whys.Add(why);
                    candidates.Add(candidate);
                    break;
            }
        }
    }

    private static void SayNoHostFits(
        ref ImageState state, ImageCommands.Consider c, ImmutableArray<ImageEvent>.Builder events, string why,
        IEnumerable<Candidate> candidates)
    {
        var best = candidates.DistinctBy(candidate => candidate.Host).Take(Placement.MaxCandidates).ToImmutableArray();
        if (!SaidLast(state, why, best))
            state = Add(state, events, new ImageEvents.NoHostFits(why, best, c.At));
    }

    private static ImmutableArray<Candidate> Weigh(
        ImageState state, ImmutableArray<PoolSpace> lineage, ImageCommands.Consider c, IEnumerable<HostOffer> offers) =>
        Placement.Weigh(lineage, offers, host =>
            // A host that asks whether it may drop its copy gets no other.
            state.Hosts.GetValueOrDefault(host) is
                { Hearing.Gone: false, Holding: { Kind: > HoldingKind.Incomplete } held }
                && held.Config == state.Config ? CandidateVerdict.HasIt
            // A copy that the fleet made for the reference's earlier image gives up its name.
            : state.Hosts.GetValueOrDefault(host) is { Hearing.Gone: false, Holding: { Kept: true } other }
                && other.Config != state.Config ? CandidateVerdict.OtherImage
            : state.CopyTo(host) is not null ? CandidateVerdict.UnderWay
            : state.Hosts.GetValueOrDefault(host) is
                { LostSince: not null, Holding: { Kind: HoldingKind.Whole } lost }
                && lost.Config == state.Config ? CandidateVerdict.ComingBack
            : state.Troubles.GetValueOrDefault(host) is { } trouble && trouble.NotBefore > c.At
                ? CandidateVerdict.FailedRecently
            : CandidateVerdict.Fits);

    private static bool IsGone(ImageState state, HostOffer offer) =>
        state.Hosts.GetValueOrDefault(offer.Host)?.Hearing is { Gone: true } hearing
        && offer.Incarnation <= hearing.Last.Incarnation;

    private static ImageState Plan(
        ImageState state, ImageCommands.Consider c, ImmutableArray<ImageEvent>.Builder events, Candidate chosen,
        string why, ImmutableArray<Candidate> candidates) =>
        Add(state, events, new ImageEvents.CopyPlanned(
            state.LastCopy + 1, chosen.Host, c.Offers.First(offer => offer.Host == chosen.Host).Incarnation,
            chosen.Missing, c.At + c.Policy.CopyLease, why, candidates, c.At));

    /// <summary>Copies that count toward the wanted number: present, possibly coming back, and under way.</summary>
    private static int Counted(ImageState state, ImageCommands.Consider c) => Counting(state, c).Distinct().Count();

    private static IEnumerable<HostName> Counting(ImageState state, ImageCommands.Consider c) =>
        state.Holders.Concat(state.Awaited(c.Policy.RestoreAfter, c.At))
            .Concat(state.Copies.Values.Select(copy => copy.Target));

    private static string Reason(ImageState state, ImageCommands.Consider c)
    {
        var lost = state.Hosts.Where(host => host.Value.LostSince is { } since
                && c.At - since >= c.Policy.RestoreAfter && host.Value.Holding is { Kind: HoldingKind.Whole })
            .Select(host => $", {host.Key} is lost");
        return $"{state.Holders.Count()} of {state.Wanted} copies are there{string.Concat(lost)}";
    }

    /// <summary>Releases one host at a time: the next only when the fleet knows the outcome of this one.</summary>
    private static void Release(
        ImageState state, ImageCommands.Consider c, ImmutableArray<ImageEvent>.Builder events)
    {
        foreach (var host in state.Releasing.Where(host => state.Holds(host)
            && (state.Holders.Count() <= state.Wanted || state.Pinned.Contains(host)
                || state.Hosts[host].Holding!.Stays)))
            state = Add(state, events, new ImageEvents.ReleaseWithdrawn(host, c.At));
        var surplus = state.Holders.Count() - state.Wanted;
        if (surplus <= 0 || state.Releasing.Count > 0
            || state.Hosts.Values.Any(host => host.Holding is { Kind: HoldingKind.Releasing or HoldingKind.Dropping }
                && !host.Hearing.Gone))
            return;
        var room = c.Offers.DistinctBy(offer => offer.Host).ToDictionary(o => o.Host, Placement.RoomPermille);
        var fullest = state.Holders
            .Where(host => !state.Pinned.Contains(host) && !state.Hosts[host].Holding!.Stays && room.ContainsKey(host))
            .OrderBy(host => room[host]).ThenBy(host => host, HostNameOrder.Instance)
            .Select(host => (HostName?)host).FirstOrDefault();
        if (fullest is { } chosen)
        {
            Add(state, events, new ImageEvents.ReleaseOrdered(
                chosen, $"{state.Holders.Count()} copies are there, {state.Wanted} are wanted, "
                    + $"and {chosen} has the least room", c.At));
        }
    }

    /// <summary>The candidates' numbers change constantly: only another reason is journaled again.</summary>
    private static bool SaidLast(ImageState state, string why, ImmutableArray<Candidate> candidates) =>
        state.Decisions.LastOrDefault() is { Chosen: null } said && said.Why == why
        && Verdicts(said.Candidates).SequenceEqual(Verdicts(candidates));

    private static IEnumerable<(HostName, CandidateVerdict)> Verdicts(ImmutableArray<Candidate> candidates) =>
        candidates.OrderBy(candidate => candidate.Host, HostNameOrder.Instance)
            .Select(candidate => (candidate.Host, candidate.Verdict));

    private static ImageState Add(ImageState state, ImmutableArray<ImageEvent>.Builder events, ImageEvent e)
    {
        events.Add(e);
        return state.Apply(e);
    }
}
