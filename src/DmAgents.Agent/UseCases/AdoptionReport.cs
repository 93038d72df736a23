using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.UseCases;

/// <summary>A device that is adopted with its pool.</summary>
/// <param name="Mapped">Null if unknown by now.</param>
/// <param name="Removing">Its removal was under way, and continues.</param>
internal sealed record AdoptedThin(
    ThinId Id, DeviceKey Key, DeviceKind Kind, ByteSize Size, ByteSize? Mapped, bool Removing);

/// <summary>What an adoption adopts, or would.</summary>
/// <param name="TransactionId">The pool's own, with which its journal begins.</param>
internal sealed record AdoptionReport(PoolName Pool, PoolUuid Uuid, TransactionId TransactionId, bool DryRun)
{
    /// <summary>Ascending by thin id.</summary>
    public ImmutableArray<AdoptedThin> Devices { get; init; } = [];

    public ImmutableArray<ImageReference> Images { get; init; } = [];

    public ImmutableArray<DeviceKey> Views { get; init; } = [];

    /// <summary>Thin ids that the pool has besides.</summary>
    public ImmutableArray<ThinId> Quarantined { get; init; } = [];

    /// <summary>Each difference between the claims and the pool's content.</summary>
    public ImmutableArray<Finding> Findings { get; init; } = [];

    public static AdoptionReport Of(AdoptionProposal found, bool dryRun)
    {
        var mapped = found.Content.Thins.ToDictionary(thin => thin.Id, thin => thin.MappedBlocks);
        var block = found.Identity.BlockSize.Bytes.Bytes;
        return new AdoptionReport(
            found.Identity.Name, found.Identity.Uuid, found.Content.Status.TransactionId, dryRun)
        {
            Devices =
            [
                .. found.Plan.Devices.Select(claim => new AdoptedThin(
                    claim.Id, claim.Key, claim.Kind, claim.Size, new ByteSize(mapped[claim.Id] * block),
                    claim.Phase == DevicePhase.Removing)),
            ],
            Images = [.. found.Plan.Images.Select(image => image.Reference)],
            Views = [.. found.Plan.Views.Select(view => view.Key)],
            Quarantined = [.. found.Plan.Quarantine.Keys],
            Findings = [.. FindingsOf(found)],
        };
    }

    /// <summary>For a caller that missed the reply: the adopted pool, in its current state.</summary>
    public static AdoptionReport AsItIs(PoolContents state) => new(
        state.Identity!.Name, state.Identity.Uuid, state.Checkpoint.Reached, DryRun: false)
    {
        Devices =
        [
            .. state.Devices.Values.OrderBy(device => device.Id).Select(device => new AdoptedThin(
                device.Id, device.Key, device.Kind, device.Size, Mapped: null,
                device.Phase == DevicePhase.Removing)),
        ],
        Images = [.. state.Images.Keys],
        Views = [.. state.Views.Keys],
        Quarantined = [.. state.Quarantine.Keys],
    };

    private static IEnumerable<Finding> FindingsOf(AdoptionProposal found)
    {
        var pool = found.Identity.Name;
        foreach (var (file, why) in found.Files.Unreadable)
        {
            yield return new Finding(
                Gravity.Warning, file, "it cannot be read, and claims nothing", why,
                "restore it from a copy before the pool is adopted, or do without");
        }
        foreach (var finding in found.Plan.Findings)
            yield return Of(finding, pool);
        foreach (var warning in found.Warnings)
        {
            yield return new Finding(
                Gravity.Warning, pool.Value, "it lies where you say", warning,
                "be sure of it before the pool is adopted");
        }
        if (found.Content.Unchecked is { } cause)
        {
            yield return new Finding(
                Gravity.Warning, pool.Value, "its metadata were not checked before", cause.ToString(),
                "install thin-provisioning-tools");
        }
    }

    private static Finding Of(AdoptionFinding finding, PoolName pool) => new(
        finding.Difference == AdoptionDifference.NotInPool ? Gravity.Error : Gravity.Warning,
        finding.Subject,
        finding.Difference switch
        {
            AdoptionDifference.NotInPool => "the pool does not have it: it is not taken over",
            AdoptionDifference.NoParent => "it is taken over without its place in the tree",
            AdoptionDifference.NoImage => "no image claims it; it is kept as a layer",
            AdoptionDifference.NotMountable => "it is taken over, and cannot be mounted on this host",
            AdoptionDifference.ImageWithoutLayer or AdoptionDifference.ViewWithoutDevice => "it is not taken over",
            _ => "it goes to quarantine",
        },
        finding.Why,
        finding.Difference switch
        {
            AdoptionDifference.NotInPool => "restore the pool's metadata of the time when it was there, or do without",
            AdoptionDifference.NoParent => "nothing is missing in it",
            AdoptionDifference.NoImage =>
                $"afterwards, if it is not needed: dmagent layer remove --pool {pool} {Name(finding.Subject)}",
            AdoptionDifference.NotMountable =>
                "run a kernel that takes it, or put the pool on disks with the sectors that it was made for",
            AdoptionDifference.ImageWithoutLayer => "import the image again",
            AdoptionDifference.ViewWithoutDevice => "have its owner make it again",
            _ => $"afterwards: dmagent pool quarantine list --pool {pool}",
        });

    private static string Name(string key) => DeviceKey.TryParse(key, out var parsed) ? KeyText.Of(parsed) : key;
}
