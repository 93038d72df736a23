using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Images;

using Decision = FleetDecision<ImageEvent, ImageReply>;

/// <summary>Decides the commands of an image of the fleet. Pure.</summary>
public static class ImageDecider
{
    /// <summary>More hosts than a fleet has.</summary>
    public const int MaxCopies = 1000;

    /// <summary>Why the last verified copy is kept.</summary>
    public const string NoOtherCopy = "no other host that is there has a verified copy";

    /// <summary>What to do before a protected copy can be dropped.</summary>
    public const string CopyFirst = "copy it to another host first";

    /// <exception cref="InvalidOperationException">A command of an unknown kind.</exception>
    public static Decision Decide(ImageState state, ImageCommand command) => command switch
    {
        ImageCommands.Define c => Define(state, c),
        ImageCommands.SetCopies c => SetCopies(state, c),
        ImageCommands.Pin c => Pin(state, c),
        ImageCommands.Unpin c => Unpin(state, c),
        ImageCommands.ReleasePins c => new Decision(
            [.. Pins(state, c.Of).Select(pin => new ImageEvents.PinReleased(pin.Host, pin.For!, c.At))],
            new ImageReplies.PinsReleased(c.Of)),
        ImageCommands.Announce c => Announce(state, c),
        ImageCommands.NoteGone c => NoteGone(state, c),
        ImageCommands.Consider c => ImagePlanner.Consider(state, c),
        ImageCommands.NotePromise c => NotePromise(state, c),
        ImageCommands.NoteProgress c => NoteProgress(state, c),
        ImageCommands.NoteFailure c => NoteFailure(state, c),
        _ => throw new InvalidOperationException($"a command of no known kind: {command}"),
    };

    private static Decision Define(ImageState state, ImageCommands.Define c)
    {
        const string What = "cannot define image";
        if (state.Requests.Contains(c.Request) || state.Config == c.Config)
            return Answer(new ImageReplies.Defined(c.Request, state.Wanted));
        if (c.Lineage.IsDefaultOrEmpty)
            return Refuse(state, c.Request, RefusalKind.Invalid, What, "it has no layers", "import it again");
        if (!state.IsKnown && BadCopies(state, c.Request, c.Copies) is { } bad)
            return bad;
        if (state.IsKnown && !c.Replace)
        {
            return Refuse(state, c.Request, RefusalKind.Exists, What, "the fleet has another image of this name",
                "give one of the two another name");
        }
        var copies = state.IsKnown ? state.Wanted : c.Copies;
        return new Decision(
            [
                // The copies under way belong to another image.
                .. state.Copies.Keys.Select(copy => End(copy, CopyEnd.NotWanted, "the reference changed", c.At)),
                .. state.Releasing.Select(host => new ImageEvents.ReleaseWithdrawn(host, c.At)),
                new ImageEvents.Defined(c.Request, c.Config, c.Lineage, copies, c.At),
            ],
            new ImageReplies.Defined(c.Request, copies));
    }

    private static Decision SetCopies(ImageState state, ImageCommands.SetCopies c)
    {
        if (Unknown(state, c.Request, "cannot set copies") is { } unknown)
            return unknown;
        if (BadCopies(state, c.Request, c.Copies) is { } bad)
            return bad;
        return state.Wanted == c.Copies || state.Requests.Contains(c.Request)
            ? Answer(new ImageReplies.CopiesSet(c.Request, state.Wanted))
            : Accept(
                new ImageReplies.CopiesSet(c.Request, c.Copies),
                new ImageEvents.CopiesSet(c.Request, c.Copies, c.At));
    }

    private static Decision Pin(ImageState state, ImageCommands.Pin c)
    {
        const string What = "cannot copy image";
        if (Unknown(state, c.Request, What) is { } unknown)
            return unknown;
        var reply = new ImageReplies.Pinned(c.Request, c.Host, state.Holds(c.Host));
        // A container asks until it has its copy, even if its pin was released by mistake. A replaced instance of its
        // entity, unaware of its replacement, may have reported the container gone.
        if ((c.For is null && state.Requests.Contains(c.Request)) || state.Pins.Contains(new ImagePin(c.Host, c.For)))
            return Answer(reply);
        // A host that never had any of the image is unknown here: the planner finds out whether it is present.
        return state.Hosts.GetValueOrDefault(c.Host) is { Hearing.Gone: true }
            ? Refuse(state, c.Request, RefusalKind.WrongState, What, $"{c.Host} is not in the fleet at present",
                $"start the agent on {c.Host}, or choose another host")
            : Accept(reply, new ImageEvents.Pinned(c.Request, c.Host, c.At, c.For));
    }

    private static IEnumerable<ImagePin> Pins(ImageState state, PinOwner of) =>
        state.Pins.Where(pin => pin.For is { } owner && owner.Container == of.Container && owner.Epoch <= of.Epoch);

    private static Decision Unpin(ImageState state, ImageCommands.Unpin c) =>
        Unknown(state, c.Request, "cannot give up image")
        ?? (state.Requests.Contains(c.Request) || !state.Pins.Contains(new ImagePin(c.Host, For: null))
            ? Answer(new ImageReplies.Unpinned(c.Request, c.Host))
            : Accept(
                new ImageReplies.Unpinned(c.Request, c.Host),
                new ImageEvents.Unpinned(c.Request, c.Host, c.At)));

    private static Decision Announce(ImageState state, ImageCommands.Announce c)
    {
        var known = state.Hosts.GetValueOrDefault(c.Host);
        switch (HostHearing.Judge(known?.Hearing, c.Stamp, whole: true))
        {
            case Hearing.Ended:
                return Answer(new ImageReplies.Ended(c.Stamp));
            // Journaled even if nothing changed: an announcement from in between may be on its way, or it is another
            // question.
            case Hearing.Next:
                var events = ImmutableArray.CreateBuilder<ImageEvent>();
                events.Add(new ImageEvents.HoldingChanged(c.Host, c.Stamp, c.Holding, c.At));
                var after = state.Apply(events[0]);
                if (after.CopyTo(c.Host) is { } copy && after.Holds(c.Host))
                    events.Add(End(copy.Id.Number, CopyEnd.Done, "", c.At));
                else if (after.CopyTo(c.Host) is { } old && old.Incarnation != c.Stamp.Incarnation)
                    events.Add(End(old.Id.Number, CopyEnd.HostGone, "the host has begun anew", c.At));
                // Withdraw the release if the host has nothing left to release.
                if (state.Releasing.Contains(c.Host) && c.Holding is not { Kind: > HoldingKind.Incomplete })
                    events.Add(new ImageEvents.ReleaseWithdrawn(c.Host, c.At));
                return Heard(after, c, events);
            default:
                return Heard(state, c, ImmutableArray.CreateBuilder<ImageEvent>());
        }
    }

    /// <summary>The answer to a host. The present copies of the other hosts decide whether its copy may be dropped; the
    /// host itself does not count from its question on.</summary>
    private static Decision Heard(
        ImageState state, ImageCommands.Announce c, ImmutableArray<ImageEvent>.Builder events)
    {
        // If a later announcement was heard, this question is obsolete.
        if (c.Holding is not { Kind: HoldingKind.Releasing or HoldingKind.Dropping } holding
            || state.Hosts[c.Host].Holding != holding || holding.Config != state.Config)
            return new Decision(events.ToImmutable(), new ImageReplies.Heard(c.Stamp, state.IsKnown));
        var others = state.Holders.Count();
        var releasing = holding.Kind == HoldingKind.Releasing;
        var needed = releasing ? state.Wanted : 1;
        if (others >= needed && !(releasing && state.Pinned.Contains(c.Host)))
        {
            events.Add(new ImageEvents.DropAllowed(c.Host, c.Stamp, c.At));
            return new Decision(events.ToImmutable(), new ImageReplies.MayDrop(c.Stamp));
        }
        return new Decision(events.ToImmutable(), new ImageReplies.MustKeep(c.Stamp, new Refusal(
            RefusalKind.WrongState, "cannot drop copy", state.Reference.Value,
            others == 0
                ? NoOtherCopy
                : others >= needed ? Staying(state, c.Host)
                : $"{others} other hosts have a verified copy, and {needed} are needed",
            CopyFirst)));
    }

    private static string Staying(ImageState state, HostName host) =>
        state.Pins.FirstOrDefault(pin => pin.Host == host && pin.For is not null) is { For: { } owner }
            ? $"container {owner.Container} needs it on this host"
            : "an operator wants it to stay on this host";

    private static Decision NoteGone(ImageState state, ImageCommands.NoteGone c)
    {
        var known = state.Hosts.GetValueOrDefault(c.Host);
        var reply = new ImageReplies.NotedGone(c.Host);
        var leaves = known is { Hearing.Gone: true, LostSince: not null } && c.Absence == HostAbsence.Left
            && known.Hearing.Last.Incarnation == c.Incarnation;
        // An image without relation to the host does not record it.
        if ((known is null && state.CopyTo(c.Host) is null)
            || (HostHearing.AfterGone(known?.Hearing, c.Incarnation) is null && !leaves))
            return Answer(reply);
        var gone = new ImageEvents.HostGone(c.Host, c.Incarnation, c.Absence, c.At);
        return state.CopyTo(c.Host) is { } copy && copy.Incarnation <= c.Incarnation
            ? new Decision([gone, End(copy.Id.Number, CopyEnd.HostGone, $"{c.Host} is gone", c.At)], reply)
            : Accept(reply, gone);
    }

    private static Decision NotePromise(ImageState state, ImageCommands.NotePromise c)
    {
        if (!state.Copies.TryGetValue(c.Copy, out var copy))
            return Answer(new ImageReplies.NoSuchCopy(c.Copy));
        // A renewed promise is no news of the copy itself: only the target renews that.
        return copy.Phase == CopyPhase.Started
            ? Answer(new ImageReplies.CopyContinues(c.Copy, copy.Until))
            : Accept(
                new ImageReplies.CopyContinues(c.Copy, c.At + c.Lease),
                new ImageEvents.CopyStarted(c.Copy, c.Pool, c.At + c.Lease, c.At));
    }

    private static Decision NoteProgress(ImageState state, ImageCommands.NoteProgress c)
    {
        if (!state.Copies.TryGetValue(c.Copy, out var copy) || copy.Phase != CopyPhase.Started)
            return Answer(new ImageReplies.NoSuchCopy(c.Copy));
        // Progress is frequent: journal it only after half of the lease.
        return copy.Until - c.At > c.Lease / 2
            ? Answer(new ImageReplies.CopyContinues(c.Copy, copy.Until))
            : Accept(
                new ImageReplies.CopyContinues(c.Copy, c.At + c.Lease),
                new ImageEvents.CopyRenewed(c.Copy, c.At + c.Lease, c.At));
    }

    private static Decision NoteFailure(ImageState state, ImageCommands.NoteFailure c) =>
        state.Copies.TryGetValue(c.Copy, out var copy)
            ? Accept(
                new ImageReplies.NoSuchCopy(c.Copy),
                new ImageEvents.CopyEnded(
                    c.Copy, CopyEnd.Failed, c.Why, Rest(state, copy.Target, c.RetryAfter, c.At), c.At))
            : Answer(new ImageReplies.NoSuchCopy(c.Copy));

    /// <summary>Until when a host is not chosen after a failure or an expired lease.</summary>
    internal static DateTimeOffset Rest(ImageState state, HostName host, TimeSpan after, DateTimeOffset at) =>
        at + after * (1 << Math.Min(state.FailuresAt(host), 6));

    internal static ImageEvents.CopyEnded End(ulong copy, CopyEnd end, string why, DateTimeOffset at) =>
        new(copy, end, why, Rest: null, at);

    private static Decision? Unknown(ImageState state, RequestId request, string what) => state.IsKnown
        ? null
        : Refuse(state, request, RefusalKind.NotFound, what, "the fleet has no image of this name",
            "import it on a host of the fleet: dmagent image import");

    private static Decision? BadCopies(ImageState state, RequestId request, int copies) =>
        copies is >= 1 and <= MaxCopies
            ? null
            : Refuse(state, request, RefusalKind.Invalid, "cannot set copies", $"{copies} copies",
                $"choose from 1 to {MaxCopies}");

    private static Decision Answer(ImageReply reply) => new([], reply);

    private static Decision Accept(ImageReply reply, ImageEvent e) => new([e], reply);

    private static Decision Refuse(
        ImageState state, RequestId request, RefusalKind kind, string what, string why, string next) =>
        Answer(new ImageReplies.Refused(request, new Refusal(kind, what, state.Reference.Value, why, next)));
}
