using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Images;
using DmAgents.Images.Docker;

namespace DmAgents.Agent.UseCases;

/// <summary>Which pool of a Docker to take over.</summary>
/// <param name="Name">The pool's name from then on.</param>
/// <param name="DryRun">Only report what would be taken over.</param>
internal sealed record DockerAsked(RequestId Request, PoolName Name, DockerPoolRequest Place, bool DryRun);

/// <summary>The result of taking over a Docker's pool.</summary>
internal abstract record DockerAdoption
{
    private DockerAdoption()
    {
    }

    /// <summary>What exists and is taken over; for a dry run, would be.</summary>
    /// <param name="Formats">File systems that this host's kernel does not support, as far as known.</param>
    public sealed record Present(DockerPool.Found Pool, DockerClaimed Claimed, ImmutableArray<Finding> Formats)
        : DockerAdoption;

    /// <summary>The same request took it over before: the pool's current state.</summary>
    public sealed record Earlier(PoolPicture Now) : DockerAdoption;
}

/// <summary>Takes over what a Docker left.</summary>
internal sealed class DockerTakeover(
    PoolGateway gateway, IKernel kernel, AgentSettings settings, OwnerlessPools ownerless)
{
    public const string What = "cannot adopt Docker's pool";

    private const string Docker = "Docker";

    public async Task<DockerAdoption> Adopt(DockerAsked asked, CancellationToken cancellation)
    {
        // The uuid comes from the request: a retry finds the pool that the first try created.
        if (gateway.Board.Find(asked.Name) is { } existing)
            return Earlier(asked, existing);
        var (found, claimed) = await Task.Run(() => Look(asked.Name, asked.Place), cancellation)
            .ConfigureAwait(false);
        if (asked.DryRun)
        {
            var formats = await Task.Run(() => LookAtFormats(asked.Name, found, claimed), cancellation)
                .ConfigureAwait(false);
            return new DockerAdoption.Present(found, claimed, [.. formats.Select(concern => PoolProblems.Format(
                KeyText.Of(claimed.Claims.First(claim => claim.Id == concern.Id).Key), concern))]);
        }
        await TakeOver(asked.Request, asked.Name, found, claimed, cancellation).ConfigureAwait(false);
        return new DockerAdoption.Present(
            found, claimed,
            gateway.Board.Find(asked.Name) is { } taken ? [.. PoolProblems.Formats(taken)] : []);
    }

    private static DockerAdoption.Earlier Earlier(DockerAsked asked, PoolPicture existing)
    {
        if (asked.DryRun || existing.Uuid != new PoolUuid(asked.Request.Value))
        {
            throw Refusals.Because(RefusalKind.WrongState, What, asked.Name.Value, "a pool of this name exists",
                $"choose another name, or look at it: dmagent pool show {asked.Name}");
        }
        return existing.Phase == PoolPhase.Open
            ? new DockerAdoption.Earlier(existing)
            : throw Refusals.Because(RefusalKind.Busy, What, asked.Name.Value,
                $"it is adopted, and not open: {existing.Reason}",
                $"try again in a moment; see: dmagent pool show {asked.Name}");
    }

    /// <summary>Finds what exists, without changing it.</summary>
    private (DockerPool.Found Pool, DockerClaimed Claimed) Look(PoolName name, DockerPoolRequest asked)
    {
        ownerless.MustNotHave(What, name);
        try
        {
            // Checks the pool's users first: no file of a running Docker can be trusted.
            var pool = new DockerPoolInspection(kernel, asked).Look() switch
            {
                DockerPool.Found found => found,
                DockerPool.Refused refused => throw Refusals.Of(refused.Refusal),
                _ => throw new InvalidOperationException("a pool of no known kind"),
            };
            return (pool, DockerClaims.Of(
                DockerStoreReader.Read(pool.Place.DataRoot.Value), pool.Content, gateway.Now));
        }
        catch (ImageException refused)
        {
            throw Refusals.Because(
                refused.Reason == ImageReason.NotFound ? RefusalKind.NotFound : RefusalKind.WrongState,
                What, asked.DataRoot.Value, refused.What, refused.Next);
        }
    }

    /// <summary>The file systems that this host's kernel does not support. Empty for a pool that is not live: its
    /// opening checks them.</summary>
    public ImmutableArray<FormatConcern> LookAtFormats(PoolName name, DockerPool.Found found, DockerClaimed claimed)
    {
        if (found.Live is not { } live)
            return [];
        var identity = new PoolIdentity(
            new PoolUuid(Guid.NewGuid()), name, new PoolBacking.Existing(live, OwnedByLvm: false),
            found.Content.BlockSize, settings.FileSystem, settings.BaseSize, gateway.Now);
        var look = new FormatLook(kernel, new PoolContext(
            identity, new PoolPaths(settings.StateDirectory, name), DiscardOnRemove: false));
        return
        [
            .. claimed.Claims.Where(claim => claim.Parent is null)
                .Select(claim => look.Look(claim.Id, claim.Size, claim.FileSystem)?.Concern).OfType<FormatConcern>(),
        ];
    }

    /// <summary>Takes over what was found.</summary>
    private async Task TakeOver(
        RequestId request, PoolName name, DockerPool.Found found, DockerClaimed claimed, CancellationToken cancellation)
    {
        if (await Task.Run(() => TakeoverEffects.TakeDown(kernel, found.LeftOver), cancellation)
            .ConfigureAwait(false) is { Error: { } error })
            throw Refusals.Of(What, error.Subject, error);
        var kind = claimed.Claims.Select(claim => claim.FileSystem).FirstOrDefault(settings.FileSystem);
        // The uuid comes from the request: a retry finds the pool that the first try created.
        await gateway.Ask(name, new PoolCommands.TakeOver(
            request, new PoolUuid(request.Value), name, found.Backing, found.Content.BlockSize,
            kind, PoolSizes.BaseSizeFor(kind, settings.BaseSize, found.DataSize), found.Content.TransactionId,
            [.. found.Content.Thins.Select(thin => thin.Id)], Docker, found.Place.Directory, claimed.Claims,
            claimed.Images, gateway.Now)
        {
            SectorSize = PoolSectors.Of(kernel, found.Backing) is { Succeeded: true, Value: var sectors }
                ? sectors
                : null,
        }, cancellation).ConfigureAwait(false);
    }
}
