using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Containers;

using Decision = FleetDecision<ContainerEvent, ContainerReply>;

/// <summary>Decides the commands of a container of the fleet. Pure.</summary>
public static class ContainerDecider
{
    /// <exception cref="InvalidOperationException">A command of an unknown kind.</exception>
    public static Decision Decide(ContainerState state, ContainerCommand command) => command switch
    {
        ContainerCommands.Create c => Create(state, c),
        ContainerCommands.Remove c => Remove(state, c),
        ContainerCommands.Announce c => Announce(state, c),
        ContainerCommands.NoteGone c => NoteGone(state, c),
        ContainerCommands.NoteImage c => NoteImage(state, c),
        ContainerCommands.NoteImageReleased c => state.ReleasesImage && state.Epoch == c.Epoch
            ? Accept(new ContainerReplies.EpochEnded(c.Epoch), new ContainerEvents.ImageReleased(c.Epoch, c.At))
            : Answer(new ContainerReplies.EpochEnded(c.Epoch)),
        ContainerCommands.NoteFailure c => NoteFailure(state, c),
        ContainerCommands.NoteRemoved c => NoteRemoved(state, c),
        _ => throw new InvalidOperationException($"a command of no known kind: {command}"),
    };

    private static Decision Create(ContainerState state, ContainerCommands.Create c)
    {
        const string What = "cannot create container";
        if (state.MadeBy == c.Request)
        {
            return state.Host is { } host
                ? Answer(new ContainerReplies.Placed(c.Request, host, state.Epoch, state.Phase))
                : Refuse(state, c.Request, RefusalKind.Failed, What, state.Why, "correct that, then create it again");
        }
        if (state.Find(c.Request) is not null)
        {
            return Refuse(state, c.Request, RefusalKind.Failed, What,
                "the container that this request made is not there any more", "create it again");
        }
        if (state.Phase == ContainerPhase.Removing)
        {
            return Refuse(state, c.Request, RefusalKind.Busy, What, $"{state.Host} still removes one of this name",
                "try again in a moment");
        }
        if (state.Phase != ContainerPhase.None)
        {
            return Refuse(state, c.Request, RefusalKind.Exists, What,
                $"{state.Host} has a container of this name", "choose another name");
        }
        if (c.Lineage.IsDefaultOrEmpty)
        {
            return Refuse(state, c.Request, RefusalKind.NotFound, What, $"the fleet has no image {c.Image}",
                "import it on a host of the fleet: dmagent image import");
        }
        // A host that still has an older container of this name is excluded.
        var candidates = Placement.Weigh(
            [.. c.Lineage.Select(layer => layer.Space)], c.Offers.Where(o => c.Host is null || o.Host == c.Host),
            host => state.Hosts.GetValueOrDefault(host)?.Epoch is null
                ? CandidateVerdict.Fits : CandidateVerdict.HasIt);
        if (candidates.FirstOrDefault() is not { Verdict: CandidateVerdict.Fits } best)
            return NoPlace(state, c, candidates);
        var hasImage = best.Missing == default;
        var placed = new ContainerEvents.Placed(
            c.Request, c.Image, best.Host, Chosen: c.Host is not null, state.Epoch.Next, hasImage, candidates,
            c.Host is null ? "it has the highest score" : "it was named", c.At);
        return Accept(
            new ContainerReplies.Placed(
                c.Request, best.Host, placed.Epoch,
                hasImage ? ContainerPhase.Creating : ContainerPhase.BringingImage),
            placed);
    }

    private static Decision NoPlace(
        ContainerState state, ContainerCommands.Create c, ImmutableArray<Candidate> candidates)
    {
        const string What = "cannot create container";
        if (c.Host is not { } named)
        {
            return candidates.IsEmpty
                ? Refuse(state, c.Request, RefusalKind.WrongState, What, "no host of the fleet offers a pool",
                    "make a pool on one: dmagent pool create")
                : Refuse(state, c.Request, RefusalKind.NoSpace, What,
                    $"of {candidates.Length} hosts none fits: "
                        + string.Join(", ", candidates.Select(candidate => $"{candidate.Host} {candidate.Verdict}")),
                    "grow a pool: dmagent pool grow");
        }
        return candidates.IsEmpty
            ? Refuse(state, c.Request, RefusalKind.WrongState, What, $"{named} is not there, or offers no pool",
                "choose another host, or make a pool there: dmagent pool create")
            : Refuse(state, c.Request, RefusalKind.NoSpace, What, $"{named}: {candidates[0].Verdict}",
                "choose another host, or grow its pool: dmagent pool grow");
    }

    private static Decision Remove(ContainerState state, ContainerCommands.Remove c)
    {
        if (state.Find(c.Request) is { } known)
        {
            var underWay = state.Phase == ContainerPhase.Removing && known.Epoch == state.Epoch;
            return Answer(new ContainerReplies.Removing(c.Request, Gone: !underWay));
        }
        return state.Phase switch
        {
            ContainerPhase.None => Refuse(
                state, c.Request, RefusalKind.NotFound, "cannot remove container",
                "the fleet has no container of this name", "give the name that it was created with"),
            // Its host had announced that it does not have it.
            ContainerPhase.Vanished => new Decision(
                [
                    new ContainerEvents.RemovalIntended(c.Request, c.At),
                    new ContainerEvents.Removed(state.Epoch, c.At),
                ],
                new ContainerReplies.Removing(c.Request, Gone: true)),
            _ => Accept(
                new ContainerReplies.Removing(c.Request, Gone: false),
                new ContainerEvents.RemovalIntended(c.Request, c.At)),
        };
    }

    private static Decision Announce(ContainerState state, ContainerCommands.Announce c)
    {
        var known = state.Hosts.GetValueOrDefault(c.Host);
        var hearing = HostHearing.Judge(known?.Hearing, c.Stamp, whole: true);
        if (hearing == Hearing.Ended)
            return Answer(new ContainerReplies.Ended(c.Stamp));
        // An older announcement is not evidence of the present state.
        if (hearing == Hearing.Known && known!.Epoch != c.Epoch)
            return Answer(new ContainerReplies.Heard(c.Stamp));
        var events = ImmutableArray.CreateBuilder<ContainerEvent>();
        if (hearing == Hearing.Next)
            events.Add(new ContainerEvents.HostHeard(c.Host, c.Stamp, c.Epoch, c.At));
        var reply = c.Epoch is { } epoch ? Claim(state, c, epoch, events) : Without(state, c, events);
        return new Decision(events.ToImmutable(), reply);
    }

    /// <summary>A host announces a container of this name.</summary>
    private static ContainerReply Claim(
        ContainerState state, ContainerCommands.Announce c, ContainerEpoch epoch,
        ImmutableArray<ContainerEvent>.Builder events)
    {
        if (epoch == ContainerEpoch.None && (state.Phase == ContainerPhase.None || Owns(state, c.Host)))
        {
            // The fleet gives an epoch to a container that a host created itself.
            var given = Owns(state, c.Host) ? state.Epoch : state.Epoch.Next;
            if (!Owns(state, c.Host))
                events.Add(new ContainerEvents.Owned(c.Host, given, c.At));
            return new ContainerReplies.Owns(c.Stamp, given);
        }
        if (epoch == ContainerEpoch.None)
            return NameTaken(state, c, $"{state.Host} has, or is to have, another container of this name");
        // The journal is older than the hosts: it was restored from a backup. This fences no host.
        if (epoch > state.Epoch)
        {
            if (state.Phase != ContainerPhase.None)
                return NameTaken(state, c, $"it has epoch {epoch}, and the fleet knows only of {state.Epoch}");
            events.Add(new ContainerEvents.Owned(c.Host, epoch, c.At));
            return new ContainerReplies.Owns(c.Stamp, epoch);
        }
        if (epoch < state.Epoch || state.Host != c.Host)
            return new ContainerReplies.Fenced(c.Stamp, state.Epoch);
        if (state.Phase is ContainerPhase.BringingImage or ContainerPhase.Creating or ContainerPhase.Vanished)
            events.Add(new ContainerEvents.Owned(c.Host, epoch, c.At));
        return new ContainerReplies.Owns(c.Stamp, epoch);
    }

    private static bool Owns(ContainerState state, HostName host) =>
        state.Host == host && state.Phase is ContainerPhase.Owned or ContainerPhase.Vanished;

    /// <summary>A host announces no container of this name. It counts only if it had one before: a host that is to
    /// create it may announce this before the order arrives.</summary>
    private static ContainerReplies.Heard Without(
        ContainerState state, ContainerCommands.Announce c, ImmutableArray<ContainerEvent>.Builder events)
    {
        var said = state.Host == c.Host ? state.Hosts.GetValueOrDefault(c.Host)?.Epoch : null;
        var had = said == state.Epoch;
        // A container that the host created itself may be gone before it is announced under its given epoch.
        if ((had || said == ContainerEpoch.None) && events.Count > 0 && state.Phase == ContainerPhase.Owned)
            events.Add(new ContainerEvents.Vanished(state.Epoch, c.At));
        else if (had && events.Count > 0 && state.Phase == ContainerPhase.Removing)
            events.Add(new ContainerEvents.Removed(state.Epoch, c.At));
        return new ContainerReplies.Heard(c.Stamp);
    }

    private static Decision NoteRemoved(ContainerState state, ContainerCommands.NoteRemoved c) =>
        state.Phase == ContainerPhase.Removing && state.Host == c.Host && state.Epoch == c.Epoch
            ? Accept(new ContainerReplies.EpochEnded(c.Epoch), new ContainerEvents.Removed(c.Epoch, c.At))
            : Answer(new ContainerReplies.EpochEnded(c.Epoch));

    private static Decision NoteGone(ContainerState state, ContainerCommands.NoteGone c)
    {
        var known = state.Hosts.GetValueOrDefault(c.Host);
        var reply = new ContainerReplies.NotedGone(c.Host);
        // A lost host can be declared to have left: the fleet expects nothing of it any more.
        var leaves = c.Absence == HostAbsence.Left && state.Host == c.Host
            && state.Phase is ContainerPhase.Owned or ContainerPhase.Removing
            && known is { Hearing.Gone: true } && known.Hearing.Last.Incarnation == c.Incarnation;
        if ((known is null && state.Host != c.Host)
            || (HostHearing.AfterGone(known?.Hearing, c.Incarnation) is null && !leaves))
            return Answer(reply);
        var gone = new ContainerEvents.HostGone(c.Host, c.Incarnation, c.Absence, c.At);
        var left = c.Absence == HostAbsence.Left;
        return state.Host != c.Host ? Accept(reply, gone) : state.Phase switch
        {
            ContainerPhase.BringingImage or ContainerPhase.Creating =>
                new Decision([gone, Elsewhere(state, $"{c.Host} is gone", c.At)], reply),
            // A host that has left keeps its data; the fleet no longer manages them.
            ContainerPhase.Owned when left =>
                new Decision([gone, new ContainerEvents.Vanished(state.Epoch, c.At)], reply),
            ContainerPhase.Removing when left =>
                new Decision([gone, new ContainerEvents.Removed(state.Epoch, c.At)], reply),
            _ => Accept(reply, gone),
        };
    }

    private static Decision NoteImage(ContainerState state, ContainerCommands.NoteImage c)
    {
        if (state.Epoch != c.Epoch || state.Host != c.Host)
            return Answer(new ContainerReplies.EpochEnded(c.Epoch));
        return state.Phase == ContainerPhase.BringingImage
            ? Accept(new ContainerReplies.Continues(c.Epoch), new ContainerEvents.ImageArrived(c.Epoch, c.At))
            : Answer(new ContainerReplies.Continues(c.Epoch));
    }

    private static Decision NoteFailure(ContainerState state, ContainerCommands.NoteFailure c)
    {
        if (state.Epoch != c.Epoch || state.Host != c.Host)
            return Answer(new ContainerReplies.EpochEnded(c.Epoch));
        var why = $"{c.Host}: {c.Why}";
        return state.Phase switch
        {
            ContainerPhase.BringingImage or ContainerPhase.Creating =>
                Accept(new ContainerReplies.EpochEnded(c.Epoch), Elsewhere(state, why, c.At)),
            // The removal is requested again; only another reason is another event.
            ContainerPhase.Removing when state.Why != why => Accept(
                new ContainerReplies.EpochEnded(c.Epoch), new ContainerEvents.RemovalFailed(c.Epoch, why, c.At)),
            _ => Answer(new ContainerReplies.EpochEnded(c.Epoch)),
        };
    }

    /// <summary>The next candidate under the next epoch, so that the tried host cannot claim the container later. It
    /// ends if an operator named the host, or none is left.</summary>
    private static ContainerEvent Elsewhere(ContainerState state, string why, DateTimeOffset at)
    {
        var next = state.Candidates.FirstOrDefault(candidate => candidate.Verdict == CandidateVerdict.Fits
            && candidate.Host != state.Host && !state.Tried.Contains(candidate.Host)
            && state.Hosts.GetValueOrDefault(candidate.Host) is null or { Hearing.Gone: false, Epoch: null });
        return state.Chosen || next is null
            ? new ContainerEvents.CreationFailed(state.Epoch, why, at)
            : new ContainerEvents.Placed(
                state.MadeBy!.Value, state.Image!.Value, next.Host, Chosen: false, state.Epoch.Next,
                HasImage: next.Missing == default, state.Candidates, why, at);
    }

    private static ContainerReplies.NameTaken NameTaken(
        ContainerState state, ContainerCommands.Announce c, string why) =>
        new(c.Stamp, new Refusal(
            RefusalKind.Exists, "cannot make container known to the fleet", state.Name.Value, why,
            $"give the one on {c.Host} another name"));

    private static Decision Answer(ContainerReply reply) => new([], reply);

    private static Decision Accept(ContainerReply reply, ContainerEvent e) => new([e], reply);

    private static Decision Refuse(
        ContainerState state, RequestId request, RefusalKind kind, string what, string why, string next) =>
        Answer(new ContainerReplies.Refused(request, new Refusal(kind, what, state.Name.Value, why, next)));
}
