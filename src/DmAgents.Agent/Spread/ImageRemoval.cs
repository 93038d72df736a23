using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>
/// Removes an image of this host because an operator asks for it. In a fleet with a database the image's entity is
/// asked first: the last verified copy stays unless the operator insists. From the question on the copy does not count,
/// so that two hosts cannot remove the last two copies at once.
/// </summary>
internal sealed class ImageRemoval(
    AgentSettings settings, FleetEntityAccess access, FleetIdentity identity, DropQuestions questions,
    PoolGateway gateway, IHostApplicationLifetime lifetime, TimeProvider time)
{
    public const string What = "cannot remove image";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>For the fleet's answer. A busy one answers sooner, and the caller waits for a minute.</summary>
    internal TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(20);

    private bool IsInFleet => settings.Fleet.Database is not null && identity.Current is not null;

    /// <param name="force">Without a question to the fleet.</param>
    /// <exception cref="RefusedException">The pool refuses it, it is the fleet's last verified copy, or the fleet does
    /// not answer.</exception>
    public async Task<PoolReplies.ImageUntagged> Remove(
        RequestId request, PoolPicture pool, ImageRecord image, bool force, CancellationToken cancellation)
    {
        // The one that the operator meant, and that the fleet is asked about.
        var untag = new PoolCommands.UntagImage(request, image.Reference, gateway.Now, image.ConfigDigest);
        if (force || !IsInFleet || !HostInventories.IsWhole(pool, image) || HasAnother(pool, image))
            return await gateway.Ask(pool.Name, untag, cancellation).ConfigureAwait(false);
        // If the caller leaves, the question lasts until the outcome is known all the same.
        return await AskAndRemoveAsync(pool.Name, image, untag).WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Another pool of this host keeps the image.</summary>
    private bool HasAnother(PoolPicture pool, ImageRecord image) => gateway.Board.All.Any(other =>
        other.Name != pool.Name && other.State.Images.GetValueOrDefault(image.Reference) is { } same
        && same.ConfigDigest == image.ConfigDigest && HostInventories.IsWhole(other, same));

    private async Task<PoolReplies.ImageUntagged> AskAndRemoveAsync(
        PoolName pool, ImageRecord image, PoolCommands.UntagImage untag)
    {
        var stopping = lifetime.ApplicationStopping;
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        DropQuestion? question = null;
        try
        {
            question = await QuestionAsync(image, either.Token).ConfigureAwait(false);
            if (question is not null
                && await question.Answer.WaitAsync(either.Token).ConfigureAwait(false) is ImageReplies.MustKeep keep)
                throw Stays(image, keep.Refusal.Kind, keep.Refusal.Why, keep.Refusal.Next);
            var reply = await ReleaseOrders.OutcomeOf(
                () => gateway.Request(pool, untag, stopping), Pause, time, stopping).ConfigureAwait(false);
            return reply switch
            {
                PoolReplies.ImageUntagged done => done,
                PoolReplies.Refused refused => throw Refusals.Of(refused.Refusal),
                _ => throw new InvalidOperationException($"a reply of another command: {reply}"),
            };
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw Stays(
                image, RefusalKind.TimedOut, "the fleet did not say in time whether other hosts have a verified copy",
                "try again");
        }
        finally
        {
            question?.Dispose();
        }
    }

    /// <returns>Null: the fleet does not count this copy. It has no image of this name, or another one.</returns>
    private async Task<DropQuestion?> QuestionAsync(ImageRecord image, CancellationToken cancellation)
    {
        if (!access.TryFind(What, image.Reference.Value, out var entities, out var refusal))
            throw Stays(image, refusal.Kind, refusal.Why, refusal.Next);
        var (state, unknown) = await entities.Show(image.Reference, cancellation).ConfigureAwait(false);
        if (state is null)
            throw Stays(image, unknown!.Kind, unknown.Why, unknown.Next);
        if (state.Config is not { } config || config.Value != image.ConfigDigest)
            return null;
        while (true)
        {
            // Taken before, so that no end of another question is missed: the fleet releases this copy, or another call
            // removes it.
            var change = questions.Changed;
            if (questions.Ask(image.Reference, HoldingKind.Dropping) is { } question)
                return question;
            await change.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private static RefusedException Stays(ImageRecord image, RefusalKind kind, string why, string next) =>
        Refusals.Because(
            kind, What, image.Reference.Value, why,
            $"{next}; or remove it in any case: dmagent image remove {image.Reference} --force");
}
