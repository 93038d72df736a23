using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Inventory;

using Decision = FleetDecision<HostLedgerEvent, HostReply>;

/// <summary>Decides the commands of a host's ledger. Pure.</summary>
public static class HostLedgerDecider
{
    /// <exception cref="InvalidOperationException">A command of an unknown kind.</exception>
    public static Decision Decide(HostLedger state, HostCommand command) => command switch
    {
        HostCommands.Announce c => Announce(state, c),
        HostCommands.NoteGone c => NoteGone(state, c),
        HostCommands.Promise c => Promise(state, c),
        HostCommands.Release c => new Decision(
            state.Promises.Any(promise => promise.Copy == c.Copy)
                ? [new HostLedgerEvents.PromiseEnded(c.Copy, Lapsed: false, c.At)] : [],
            new HostReplies.Released(c.Copy)),
        HostCommands.Tick c => new Decision([.. Lapsed(state, c.At)], new HostReplies.Ticked()),
        _ => throw new InvalidOperationException($"a command of no known kind: {command}"),
    };

    private static Decision Announce(HostLedger state, HostCommands.Announce c) =>
        HostHearing.Judge(state.Hearing, c.Stamp, whole: true) switch
        {
            Hearing.Ended => Answer(new HostReplies.Ended(c.Stamp)),
            // An announcement without news is not journaled. So a late earlier one may count until the next figures.
            Hearing.Next when !state.IsThere || state.Hearing!.Last.Incarnation != c.Stamp.Incarnation
                || !c.Capacity.Equals(state.Capacity) =>
                new Decision(
                    [new HostLedgerEvents.Announced(c.Stamp, c.Capacity, c.At)], new HostReplies.Heard(c.Stamp)),
            _ => Answer(new HostReplies.Heard(c.Stamp)),
        };

    private static Decision NoteGone(HostLedger state, HostCommands.NoteGone c)
    {
        var reply = new HostReplies.NotedGone(c.Incarnation);
        // A lost host can be declared to have left: the fleet expects nothing of it any more.
        var leaves = state.Hearing is { Gone: true } && c.Incarnation == state.Hearing.Last.Incarnation
            && state.Absence == HostAbsence.Lost && c.Absence == HostAbsence.Left;
        return HostHearing.AfterGone(state.Hearing, c.Incarnation) is null && !leaves
            ? Answer(reply)
            : new Decision([new HostLedgerEvents.Gone(c.Incarnation, c.Absence, c.At)], reply);
    }

    private static Decision Promise(HostLedger state, HostCommands.Promise c)
    {
        const string What = "cannot reserve space";
        if (!state.IsThere)
        {
            return Refuse(c, RefusalKind.WrongState, What, state, "the host is not in the fleet at present",
                $"start the agent on {state.Host}, or choose another host");
        }
        if (state.Hearing!.Last.Incarnation != c.Incarnation)
        {
            return Refuse(c, RefusalKind.WrongState, What, state, "the host has begun anew since it was chosen",
                "choose again");
        }
        if (state.Promises.FirstOrDefault(promise => promise.Copy == c.Copy && promise.Until > c.At) is { } kept)
        {
            var renewed = kept with { Until = c.At + c.Lease };
            // As with leases: journaled only after half of it.
            return kept.Until - c.At > c.Lease / 2
                ? Answer(new HostReplies.Kept(kept))
                : new Decision([new HostLedgerEvents.Promised(renewed, c.At)], new HostReplies.Kept(renewed));
        }
        if (state.Offer(c.At) is not { } offer)
        {
            return Refuse(c, RefusalKind.WrongState, What, state, "none of its pools takes new layers",
                "look at its pools there: dmagent pool list");
        }
        if (Placement.Lacks(offer, c.Space) is { } lack)
        {
            return Refuse(c, RefusalKind.NoSpace, What, state,
                $"{lack}, with {offer.Promised.Data} of data and {offer.Promised.Metadata} of metadata promised",
                "grow its pool: dmagent pool grow");
        }
        var promise = new SpacePromise(c.Copy, offer.Pool, c.Space, c.At + c.Lease);
        return new Decision(
            [.. Lapsed(state, c.At), new HostLedgerEvents.Promised(promise, c.At)], new HostReplies.Kept(promise));
    }

    private static IEnumerable<HostLedgerEvent> Lapsed(HostLedger state, DateTimeOffset at) =>
        state.Promises.Where(promise => promise.Until <= at)
            .Select(promise => new HostLedgerEvents.PromiseEnded(promise.Copy, Lapsed: true, at));

    private static Decision Answer(HostReply reply) => new([], reply);

    private static Decision Refuse(
        HostCommands.Promise c, RefusalKind kind, string what, HostLedger state, string why, string next) =>
        Answer(new HostReplies.Refused(c.Copy, new Refusal(kind, what, state.Host.Value, why, next)));
}
