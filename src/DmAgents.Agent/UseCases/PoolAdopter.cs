using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Services;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>Finds what a pool without a journal has: its files say what is claimed, its own metadata what is there.
/// Changes nothing of either.</summary>
internal sealed class PoolAdopter(PoolGateway gateway, IKernel kernel, IDurableFiles files, AgentSettings settings)
{
    public const string What = "cannot adopt pool";

    /// <summary>What would be taken over.</summary>
    /// <param name="Content">What the pool has. It is live.</param>
    internal sealed record Proposal(
        PoolIdentity Identity, ProjectedPool Files, PoolContent Content, AdoptionPlan Plan, PoolReading Reading)
    {
        /// <summary>What nobody but the operator knows of where the pool lies.</summary>
        public ImmutableArray<string> Warnings { get; init; } = [];
    }

    /// <param name="backing">What it lies on; null: that its files or its journal tell.</param>
    public Proposal Look(PoolName name, RequestId request, BackingRequest? backing)
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
        // The pool's actor has it already where the pool is known.
        var claimed = known is null ? kernel.Claim(identity.Uuid) : default;
        if (claimed.Error is { } other)
            throw Refusals.Of(What, name.Value, other);
        using var claim = claimed.Value;
        // A journal that is only of another time may know what files of earlier agents do not tell.
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
        return new Proposal(
            identity, projected, content,
            plan with
            {
                Findings = [.. plan.Findings, .. new AdoptedFormats(kernel, reading.Pool).Look(plan.Devices)],
            }, reading)
        {
            Warnings = warnings,
        };
    }

    public PoolCommands.Adopt CommandOf(RequestId request, Proposal found) => new(
        request, found.Identity, found.Plan, found.Content.Status.TransactionId, found.Files.Spares, gateway.Now)
    {
        Takeover = found.Files.Takeover, Kept = found.Files.Kept,
    };

    /// <summary>After an adoption that came to nothing: what was made live to be read goes, unless somebody has the
    /// pool by now.</summary>
    public void Abandon(Proposal found)
    {
        var claimed = kernel.Claim(found.Identity.Uuid);
        if (!claimed.Succeeded)
            return;
        using var claim = claimed.Value;
        found.Reading.Leave(found.Content);
    }

    public static AdoptPoolReply Tell(Proposal found, bool dryRun)
    {
        var mapped = found.Content.Thins.ToDictionary(thin => thin.Id, thin => thin.MappedBlocks);
        var block = found.Identity.BlockSize.Bytes.Bytes;
        var reply = new AdoptPoolReply
        {
            Pool = found.Identity.Name.Value,
            Uuid = found.Identity.Uuid.ToString(),
            DryRun = dryRun,
            TransactionId = found.Content.Status.TransactionId.Value,
        };
        reply.Devices.Add(found.Plan.Devices.Select(claim => new AdoptedDevice
        {
            ThinId = claim.Id.Value,
            Key = Views.KeyText(claim.Key),
            Kind = Views.Kind(claim.Kind),
            SizeBytes = claim.Size.Bytes,
            MappedBytes = mapped[claim.Id] * block,
            Removing = claim.Phase == Domain.Devices.DevicePhase.Removing,
        }));
        reply.Images.Add(found.Plan.Images.Select(image => image.Reference.Value).Order(StringComparer.Ordinal));
        reply.Views.Add(found.Plan.Views.Select(view => Views.KeyText(view.Key)).Order(StringComparer.Ordinal));
        reply.QuarantinedThinIds.Add(found.Plan.Quarantine.Keys.Select(id => id.Value));
        reply.Findings.Add(found.Files.Unreadable.Select(bad => new Finding
        {
            Severity = Severity.Warning, Object = bad.File, What = "it cannot be read, and claims nothing",
            Why = bad.Why, Next = "restore it from a copy before the pool is adopted, or do without",
        }));
        reply.Findings.Add(found.Plan.Findings.Select(finding => Of(finding, found.Identity.Name)));
        reply.Findings.Add(found.Warnings.Select(warning => new Finding
        {
            Severity = Severity.Warning, Object = reply.Pool, What = "it lies where you say", Why = warning,
            Next = "be sure of it before the pool is adopted",
        }));
        if (found.Content.Unchecked is { } why)
        {
            reply.Findings.Add(new Finding
            {
                Severity = Severity.Warning, Object = reply.Pool, What = "its metadata were not checked before",
                Why = why.ToString(), Next = "install thin-provisioning-tools",
            });
        }
        return reply;
    }

    private static Finding Of(AdoptionFinding finding, PoolName pool) => new()
    {
        Severity = finding.Difference == AdoptionDifference.NotInPool ? Severity.Error : Severity.Warning,
        Object = finding.Subject,
        What = finding.Difference switch
        {
            AdoptionDifference.NotInPool => "the pool does not have it: it is not taken over",
            AdoptionDifference.NoParent => "it is taken over without its place in the tree",
            AdoptionDifference.NoImage => "no image claims it; it is kept as a layer",
            AdoptionDifference.NotMountable => "it is taken over, and cannot be mounted on this host",
            AdoptionDifference.ImageWithoutLayer or AdoptionDifference.ViewWithoutDevice => "it is not taken over",
            _ => "it goes to quarantine",
        },
        Why = finding.Why,
        Next = finding.Difference switch
        {
            AdoptionDifference.NotInPool => "restore the pool's metadata of the time when it was there, or do without",
            AdoptionDifference.NoParent => "nothing is missing in it",
            AdoptionDifference.NoImage =>
                $"afterwards, where nobody needs it: dmagent layer remove --pool {pool} {Name(finding.Subject)}",
            AdoptionDifference.NotMountable =>
                "run a kernel that takes it, or put the pool on disks with the sectors that it was made for",
            AdoptionDifference.ImageWithoutLayer => "import the image again",
            AdoptionDifference.ViewWithoutDevice => "have its owner make it again",
            _ => $"afterwards: dmagent pool quarantine list --pool {pool}",
        },
    };

    /// <summary>Of what the operator names, and what is found there. The rest of what only pool.json tells is as for a
    /// pool that is made today: it concerns what is made from here on.</summary>
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
            // A pool without labels has no identity of its own: a retry meets the one that the first try gave it.
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

    private static string Name(string key) => DeviceKey.TryParse(key, out var parsed) ? Views.KeyText(parsed) : key;

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
