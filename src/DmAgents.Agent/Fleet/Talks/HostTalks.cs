using System.Runtime.CompilerServices;
using DmAgents.Actors.Events;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Images;

namespace DmAgents.Agent.Fleet.Talks;

/// <summary>Answers other hosts about this host's events and images; cancels a copy for them.</summary>
internal sealed class HostTalks(HostEventLog log, PoolGateway gateway, ImageCopies copies, TimeProvider time)
{
    /// <summary>Maximum size of a question, in bytes.</summary>
    private const int MaxQuestion = 64 * 1024;

    private static readonly TimeSpan QuestionWithin = TimeSpan.FromSeconds(30);

    /// <summary>Well below the time after which a silent host is abandoned (<see cref="HostAsker"/>).</summary>
    internal TimeSpan BeatEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Answers one question after the other.</summary>
    public async Task ServeAsync(Stream connection, CancellationToken cancellation)
    {
        var stream = OfferWire.Guarded(connection, time);
        while (await JsonFrames.WithinAsync(
            QuestionWithin, time, "no question came",
            end => JsonFrames.ReadAsync(stream, HostTalkJson.Default.HostQuestion, MaxQuestion, end), cancellation)
            .ConfigureAwait(false) is { } question)
        {
            await foreach (var answer in AnswerAsync(question, cancellation).ConfigureAwait(false))
            {
                await JsonFrames.WriteAsync(stream, answer, HostTalkJson.Default.HostAnswer, cancellation)
                    .ConfigureAwait(false);
            }
        }
    }

    /// <summary>The answers to a question; endless if events are followed.</summary>
    public async IAsyncEnumerable<HostAnswer> AnswerAsync(
        HostQuestion question, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (question is { Image: { } image })
            yield return Images(image);
        if (question is { Cancel: { } copy })
        {
            await foreach (var answer in CancelAsync(copy, cancellation).ConfigureAwait(false))
                yield return answer;
        }
        if (question is { Events: { Latest: { } latest } before })
        {
            foreach (var answer in Latest(before, latest))
                yield return answer;
        }
        if (question is { Events: { Latest: null } events })
        {
            await foreach (var answer in FollowAsync(events, cancellation).ConfigureAwait(false))
                yield return answer;
        }
    }

    /// <summary>Undoing a copy takes time: until then the host sends heartbeats.</summary>
    private async IAsyncEnumerable<HostAnswer> CancelAsync(
        string id, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (copies.All.FirstOrDefault(each => each.Job.Request.ToString() == id) is not { } copy)
        {
            yield return new HostAnswer { Cancel = new SaidCancel(CancelEnd.Unknown, Copy: null) };
            yield break;
        }
        var said = Copy(copy);
        copies.Cancel(copy.Job.Request);
        while (await Task.WhenAny(copy.Done, Task.Delay(BeatEvery, time, cancellation)).ConfigureAwait(false)
            != copy.Done)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return new HostAnswer { IsBeat = true };
        }
        var end = copy.Done.IsCompletedSuccessfully ? CancelEnd.Done : CancelEnd.Undone;
        yield return new HostAnswer { Cancel = new SaidCancel(end, said) };
    }

    private IEnumerable<HostAnswer> Latest(EventQuestion question, int latest)
    {
        var all = log.LatestLogged;
        return all
            .Where(logged => Concerns(logged.Occurrence, question.Pool) && (question.Since is not { } since
                || logged.Occurrence.At >= since))
            .TakeLast(latest).Select(logged => Answer(logged.Number, logged.Occurrence))
            .Append(CaughtUp(all.Count == 0 ? 0 : all[^1].Number));
    }

    private async IAsyncEnumerable<HostAnswer> FollowAsync(
        EventQuestion question, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var all = log.Follow(logged => IsWanted(logged, question), ending.Token).GetAsyncEnumerator(ending.Token);
        var next = all.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                if (await Task.WhenAny(next, Task.Delay(BeatEvery, time, ending.Token)).ConfigureAwait(false) != next)
                {
                    cancellation.ThrowIfCancellationRequested();
                    yield return new HostAnswer { IsBeat = true };
                    continue;
                }
                if (!await next.ConfigureAwait(false))
                    yield break;
                var (number, occurrence) = all.Current;
                next = all.MoveNextAsync().AsTask();
                if (occurrence is null)
                    yield return CaughtUp(number);
                else if (Concerns(occurrence, question.Pool))
                    yield return Answer(number, occurrence);
            }
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await all.DisposeAsync().ConfigureAwait(false);
        }
    }

    private HostAnswer Answer(ulong number, HostOccurrence occurrence) =>
        new() { Event = SaidEvent.Of(new EventPlace(log.Life, number), occurrence) };

    private HostAnswer CaughtUp(ulong number) => new() { CaughtUp = new EventPlace(log.Life, number) };

    private static bool Concerns(HostOccurrence occurrence, string pool) => pool.Length == 0 || occurrence.Pool == pool;

    private bool IsWanted(LoggedOccurrence logged, EventQuestion question) => question.After is { } after
        && after.Life == log.Life
            ? logged.Number > after.Number
            : question.Since is { } since && logged.Occurrence.At >= since;

    private HostAnswer Images(string name) => new()
    {
        Images = new SaidImages(
            [.. gateway.Board.All.SelectMany(pool => Images(pool, name))], [.. copies.All.Select(Copy)]),
    };

    private static IEnumerable<SaidImage> Images(Actors.Pools.PoolPicture pool, string name) =>
        from image in pool.State.Images.Values
        where IsNamed(image, name) && pool.State.Devices.ContainsKey(image.TopLayer)
        let layers = pool.State.LineageOf(pool.State.Devices[image.TopLayer])
            .Count(device => device.Kind == Domain.Devices.DeviceKind.Layer)
        select new SaidImage(
            pool.Name.Value, image.Reference.Value, image.ConfigDigest,
            pool.State.ContentOf(image.TopLayer)?.ToString(), layers, image.TaggedAt);

    /// <summary>By a reference, which may omit what Docker's clients omit, or by a prefix of its id.</summary>
    private static bool IsNamed(ImageRecord image, string name) =>
        FleetImages.IsReferenceOf(name, image.Reference.Value) || FleetImages.IsIdOf(name, image.ConfigDigest);

    private static SaidCopy Copy(RunningCopy copy) => new(
        copy.Job.Request.ToString(), copy.Job.Image, copy.Offer?.Reference, copy.Offer?.ConfigDigest,
        copy.Job.From.Value, copy.Job.Pool.Value, copy.Job.StartedAt, BringState.Of(copy.Progress));
}
