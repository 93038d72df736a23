using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>What an adoption would adopt.</summary>
/// <param name="Content">The pool's content. The pool is live.</param>
internal sealed record AdoptionProposal(
    PoolIdentity Identity, ProjectedPool Files, PoolContent Content, AdoptionPlan Plan, PoolReading Reading)
{
    /// <summary>Facts about the pool's location that only the operator can confirm.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}

/// <summary>Finds the content of a pool without a journal: its files have the claims, its own metadata what exists.
/// Changes neither.</summary>
internal sealed class AdoptionSearch(PoolGateway gateway, IKernel kernel, IDurableFiles files, AgentSettings settings)
{
    private const string What = PoolAdopter.What;

    /// <param name="backing">What the pool lies on; null: as its files or its journal say.</param>
    public AdoptionProposal Look(PoolName name, RequestId request, BackingRequest? backing)
    {
        var known = gateway.Board.Find(name);
        if (known is { Phase: not PoolPhase.WrongPool })
        {
            throw Refusals.Because(RefusalKind.WrongState, What, name.Value, "it has a journal and is this agent's",
                $"look at it: dmagent pool show {name}");
        }
        var paths = new PoolPaths(settings.StateDirectory, name);
        var projected = new ProjectionReader(files, paths).Read();
        var (identity, warnings) = backing is null
            ? (IdentityOf(name, paths, projected, known), [])
            : FoundBy(backing, request, paths, projected, known);
        // If the pool is known, its actor holds the claim already.
        var claimed = known is null ? kernel.Claim(identity.Uuid) : default;
        if (claimed.Error is { } other)
            throw Refusals.Of(What, name.Value, other);
        using var claim = claimed.Value;
        // A journal, even of an earlier life of the pool, may have facts that files of earlier agents lack.
        var isTold = projected.Identity?.Uuid == identity.Uuid;
        projected = projected with
        {
            Takeover = (isTold ? projected.Takeover : null) ?? known?.State.Takeover,
            Kept = isTold && !projected.Kept.IsEmpty ? projected.Kept : known?.State.Kept ?? [],
        };
        if (projected.Takeover is { Phase: TakeoverPhase.Returned } returned)
        {
            throw Refusals.Because(RefusalKind.WrongState, What, name.Value,
                $"{paths.IdentityFile} says that it was given back to {returned.Program}",
                $"adopt it from there again: dmagent pool adopt-docker; and move {paths.Root} away");
        }
        var reading = new PoolReading(kernel, new PoolContext(identity, paths, DiscardOnRemove: false)
        {
            Guard = PoolGuard.Of(identity, projected.Takeover, projected.Claims),
        });
        var read = reading.Read();
        if (!read.Succeeded)
            throw Refusals.Of(What, name.Value, read.Error);
        var content = read.Value;
        var plan = AdoptionPlan.Make(projected.Claims, content.Thins, identity.BlockSize);
        return new AdoptionProposal(
            identity, projected, content,
            plan with
            {
                Findings = [.. plan.Findings, .. new AdoptedFormats(kernel, reading.Pool).Look(plan.Devices)],
            }, reading)
        {
            Warnings = warnings,
        };
    }

    /// <summary>Derived from what the operator names, and what is found there. Facts that only pool.json has get the
    /// values of a new pool: they concern only what is created later.</summary>
    private (PoolIdentity Identity, ImmutableArray<string> Warnings) FoundBy(
        BackingRequest backing, RequestId request, PoolPaths paths, ProjectedPool projected, PoolPicture? known)
    {
        if (projected.Identity is not null || known?.State.Identity is not null)
        {
            throw Refusals.Because(RefusalKind.WrongState, What, paths.Pool.Value,
                $"{(projected.Identity is null ? "its journal" : paths.IdentityFile)} tells what it is made of",
                $"leave that out: dmagent pool adopt {paths.Pool}");
        }
        return new BackingPlanner(kernel).PlanAdoption(paths, backing, out var owner) switch
        {
            // A pool without labels has no identity of its own: a retry finds the one that the first try gave it.
            BackingPlan.Planned plan => (
                new PoolIdentity(
                    owner ?? new PoolUuid(request.Value), paths.Pool, plan.Backing, plan.BlockSize, settings.FileSystem,
                    PoolSizes.BaseSizeFor(settings.FileSystem, settings.BaseSize, plan.DataSize), gateway.Now)
                {
                    SectorSize = plan.SectorSize,
                },
                [
                    .. plan.Warnings,
                    .. PoolSizes.NoBase(What, paths.Pool, settings.FileSystem, settings.BaseSize, plan.DataSize)
                        is { } no ? [$"no new base can be made in it: {no.Why}"] : ImmutableArray<string>.Empty,
                ]),
            BackingPlan.Refused refused => throw Refusals.Of(refused.Refusal),
            _ => throw new InvalidOperationException("a plan of no known kind"),
        };
    }

    private static PoolIdentity IdentityOf(PoolName name, PoolPaths paths, ProjectedPool projected, PoolPicture? known)
    {
        var identity = projected.Identity is { } told && (known is null || told.Uuid == known.Uuid)
            ? told
            : known?.State.Identity;
        if (identity is null)
        {
            var why = projected.Unreadable.Where(bad => bad.File == paths.IdentityFile).Select(bad => bad.Why)
                .FirstOrDefault() ?? "there is no such file";
            throw Refusals.NotFound(What, name.Value,
                $"{paths.IdentityFile} says what a pool is made of, and cannot be read: {why}",
                "restore the state directory from a copy, without its journal; or say what the pool lies on: "
                + "dmagent pool adopt --help");
        }
        return identity.Name == name
            ? identity
            : throw Refusals.Because(RefusalKind.WrongState, What, name.Value,
                $"{paths.IdentityFile} is of pool {identity.Name}", "put the file where it belongs");
    }
}
