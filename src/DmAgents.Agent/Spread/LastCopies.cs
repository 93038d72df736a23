using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>This host's copy of an image that an operator gives up.</summary>
/// <param name="What">The action that fails if the copy must stay.</param>
/// <param name="Otherwise">The operator's alternative if the copy must stay.</param>
internal sealed record CopyToGo(string What, PoolPicture Pool, ImageRecord Image, string Otherwise);

/// <summary>Keeps the fleet's last verified copy of an image on this host. In a fleet with a database this host asks
/// the image's entity before it gives up a copy. While the question is open the copy does not count, so that two hosts
/// cannot give up the last two copies at the same time.</summary>
internal sealed class LastCopies(
    AgentSettings settings, FleetEntityAccess access, FleetIdentity identity, DropQuestions questions,
    PoolGateway gateway, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Timeout of the fleet's answer. A busy fleet answers sooner, and the caller waits for a
    /// minute.</summary>
    internal TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(20);

    private bool IsInFleet => settings.Fleet.Database is not null && identity.Current is not null;

    /// <summary>Makes the pool execute the command that ends the copy, if the fleet can spare it.</summary>
    /// <exception cref="RefusedException">The pool refuses it, it is the fleet's last verified copy, or the fleet does
    /// not answer.</exception>
    public async Task<TReply> GiveUp<TReply>(
        CopyToGo copy, PoolCommand<TReply> command, CancellationToken cancellation)
        where TReply : PoolReplies.Success
    {
        if (!Concerns(copy.Pool, copy.Image))
            return await gateway.Ask(copy.Pool.Name, command, cancellation).ConfigureAwait(false);
        // If the caller disconnects, the question still lasts until the outcome is known.
        return await AskAndGiveUpAsync(copy, command).WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Refuses at once what the fleet would refuse at this moment. The fleet is asked again when the copy is
    /// given up.</summary>
    /// <exception cref="RefusedException">It is the fleet's last verified copy, or the fleet does not
    /// answer.</exception>
    public async Task Look(CopyToGo copy, CancellationToken cancellation)
    {
        if (!Concerns(copy.Pool, copy.Image))
            return;
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            if (await StateAsync(copy, either.Token).ConfigureAwait(false) is { } state
                && state.Holders.All(host => host == identity.Current?.Host))
            {
                throw Stays(
                    copy, RefusalKind.WrongState, ImageDecider.NoOtherCopy, ImageDecider.CopyFirst);
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw Silent(copy);
        }
    }

    /// <summary>The fleet counts the copy, and no other pool of this host has the image.</summary>
    private bool Concerns(PoolPicture pool, ImageRecord image) =>
        IsInFleet && HostInventories.IsWhole(pool, image) && !gateway.Board.All.Any(other =>
            other.Name != pool.Name && other.State.Images.GetValueOrDefault(image.Reference) is { } same
            && same.ConfigDigest == image.ConfigDigest && HostInventories.IsWhole(other, same));

    private async Task<TReply> AskAndGiveUpAsync<TReply>(CopyToGo copy, PoolCommand<TReply> command)
        where TReply : PoolReplies.Success
    {
        var stopping = lifetime.ApplicationStopping;
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        DropQuestion? question = null;
        try
        {
            question = await QuestionAsync(copy, either.Token).ConfigureAwait(false);
            if (question is not null
                && await question.Answer.WaitAsync(either.Token).ConfigureAwait(false) is ImageReplies.MustKeep keep)
                throw Stays(copy, keep.Refusal.Kind, keep.Refusal.Why, keep.Refusal.Next);
            var reply = await ReleaseOrders.OutcomeOf(
                () => gateway.Request(copy.Pool.Name, command, stopping), Pause, time, stopping)
                .ConfigureAwait(false);
            return reply switch
            {
                TReply done => done,
                PoolReplies.Refused refused => throw Refusals.Of(refused.Refusal),
                _ => throw new InvalidOperationException($"a reply of another command: {reply}"),
            };
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw Silent(copy);
        }
        finally
        {
            question?.Dispose();
        }
    }

    /// <returns>Null: the fleet does not count this copy. It has no image of this name, or another one.</returns>
    private async Task<DropQuestion?> QuestionAsync(CopyToGo copy, CancellationToken cancellation)
    {
        if (await StateAsync(copy, cancellation).ConfigureAwait(false) is null)
            return null;
        while (true)
        {
            // Taken first, so that no end of another question is missed: the fleet may release this copy, or another
            // call may give it up.
            var change = questions.Changed;
            if (questions.Ask(copy.Image.Reference, HoldingKind.Dropping) is { } question)
                return question;
            await change.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <returns>Null: the fleet has no image of this name, or another one.</returns>
    private async Task<ImageState?> StateAsync(CopyToGo copy, CancellationToken cancellation)
    {
        var image = copy.Image;
        if (!access.TryFind(copy.What, image.Reference.Value, out var entities, out var refusal))
            throw Stays(copy, refusal.Kind, refusal.Why, refusal.Next);
        var (state, unknown) = await entities.Show(image.Reference, cancellation).ConfigureAwait(false);
        if (state is null)
            throw Stays(copy, unknown!.Kind, unknown.Why, unknown.Next);
        return state.Config is { } config && config.Value == image.ConfigDigest ? state : null;
    }

    private static RefusedException Silent(CopyToGo copy) => Stays(
        copy, RefusalKind.TimedOut, "the fleet did not say in time whether other hosts have a verified copy",
        "try again");

    private static RefusedException Stays(CopyToGo copy, RefusalKind kind, string why, string next) =>
        Refusals.Because(kind, copy.What, copy.Image.Reference.Value, why, $"{next}; or {copy.Otherwise}");
}
