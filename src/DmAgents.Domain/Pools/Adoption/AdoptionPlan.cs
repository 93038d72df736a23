using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Adoption;

/// <summary>
/// How a pool's new journal follows from claims about its content. Pure. The pool's own metadata decide what exists;
/// claims only name it. Doubtful thin ids are quarantined, and nothing is deleted.
/// </summary>
/// <param name="Devices">The adopted devices, ascending.</param>
/// <param name="Images">The adopted images.</param>
/// <param name="Views">The adopted views.</param>
/// <param name="Quarantine">Thin ids of the pool that are not adopted, with the reason.</param>
/// <param name="Findings">Each difference between claims and pool.</param>
public sealed record AdoptionPlan(
    ImmutableArray<AdoptionClaim> Devices,
    ImmutableArray<ImageClaim> Images,
    ImmutableArray<ViewClaim> Views,
    ImmutableSortedDictionary<ThinId, string> Quarantine,
    ImmutableArray<AdoptionFinding> Findings)
{
    /// <param name="claims">The claims about the pool's content.</param>
    /// <param name="thins">The thin devices in the pool's own metadata.</param>
    /// <param name="blockSize">The pool's block size.</param>
    public static AdoptionPlan Make(
        AdoptionClaims claims, IReadOnlyList<ThinUsage> thins, PoolBlockSize blockSize)
    {
        var inPool = thins.ToDictionary(thin => thin.Id);
        var findings = ImmutableArray.CreateBuilder<AdoptionFinding>();
        var quarantine = ImmutableSortedDictionary.CreateBuilder<ThinId, string>();
        var clear = Clear(claims.Devices, inPool, blockSize, findings, quarantine);
        foreach (var id in inPool.Keys.Where(id => !clear.ContainsKey(id) && !quarantine.ContainsKey(id)).Order())
        {
            quarantine[id] = "nothing claimed it when the pool was adopted";
            findings.Add(new(AdoptionDifference.Unclaimed, $"thin id {id}",
                $"the pool has it, with {inPool[id].MappedBlocks} blocks, and nothing claims it"));
        }
        var lineage = new AdoptionLineage(clear);
        var placed = clear.Values.OrderBy(claim => claim.Id).Select(claim => lineage.Of(claim, findings))
            .ToImmutableArray();
        var images = claims.Images.Where(image => IsKept(image, clear, findings)).ToImmutableArray();
        var devices = Kept(placed, images, findings);
        var keys = devices.Where(claim => claim.Phase != DevicePhase.Removing).Select(claim => claim.Key).ToHashSet();
        var views = claims.Views.Where(view => IsKept(view, clear, keys, findings)).ToImmutableArray();
        return new AdoptionPlan(devices, images, views, quarantine.ToImmutable(), findings.ToImmutable());
    }

    /// <summary>The pool's whole journal, to be written in one batch: after it the pool is like any other.</summary>
    /// <param name="adopted">The first event.</param>
    /// <param name="found">The pool's transaction id when its content was read.</param>
    public ImmutableArray<PoolEvent> Events(
        PoolEvents.Adopted adopted, TransactionId found, ImmutableArray<DevicePath> spares)
    {
        var (request, at) = (adopted.Request, adopted.At);
        return
        [
            adopted,
            // The metadata may hold devices: they are never formatted again.
            new PoolEvents.CheckpointReached(found, at),
            .. Devices.Select(claim => new PoolEvents.DeviceAdopted(RecordOf(claim), at)),
            .. Quarantine.Select(entry => new PoolEvents.Quarantined(entry.Key, entry.Value, at)),
            .. Images.Select(image => new PoolEvents.ImageTagged(
                request, image.Reference, image.TopLayer, image.ConfigDigest, image.Config, image.TaggedAt)),
            .. Views.Select(view => new PoolEvents.ViewAdded(
                request, view.Key, view.Source, view.Labels, view.CreatedAt)),
            .. spares.IsDefaultOrEmpty ? [] : new PoolEvent[] { new PoolEvents.SparesChanged(request, spares, at) },
        ];
    }

    private static DeviceRecord RecordOf(AdoptionClaim claim) => new(
        claim.Id, claim.Key, claim.Kind, PhaseOf(claim), claim.Parent, claim.Source ?? claim.Parent, claim.Size,
        claim.FileSystem, claim.Use, claim.ReadOnly, claim.Labels, claim.CreatedAt, claim.UpdatedAt ?? claim.CreatedAt)
    {
        GrowingTo = claim.GrowingTo, Inodes = claim.Inodes, Root = claim.Root, Format = claim.Format,
        CreatedIn = claim.CreatedIn ?? default,
    };

    /// <summary>The pool has the device. If it is in creation without a source, only a base can be finished: by
    /// deleting it and starting again.</summary>
    private static DevicePhase PhaseOf(AdoptionClaim claim) => claim.Phase switch
    {
        DevicePhase.Removing => DevicePhase.Removing,
        DevicePhase.Creating when claim.Kind == DeviceKind.Base || (claim.Source ?? claim.Parent) is not null =>
            DevicePhase.Creating,
        _ => DevicePhase.Ready,
    };

    /// <summary>The claims that contradict neither each other nor the pool.</summary>
    private static Dictionary<ThinId, AdoptionClaim> Clear(
        ImmutableArray<AdoptionClaim> claims, Dictionary<ThinId, ThinUsage> inPool, PoolBlockSize blockSize,
        ImmutableArray<AdoptionFinding>.Builder findings, ImmutableSortedDictionary<ThinId, string>.Builder quarantine)
    {
        var ids = claims.CountBy(claim => claim.Id).ToDictionary();
        // A claim that the pool lacks does not compete: the pool may have its successor with the same key.
        var keys = claims.Where(claim => claim.Phase != DevicePhase.Removing && inPool.ContainsKey(claim.Id))
            .DistinctBy(claim => (claim.Id, claim.Key)).CountBy(claim => claim.Key).ToDictionary();
        var clear = new Dictionary<ThinId, AdoptionClaim>();
        foreach (var claim in claims.OrderBy(claim => claim.Id)
            .ThenBy(claim => claim.Key.ToString(), StringComparer.Ordinal))
        {
            var (difference, why) = !inPool.TryGetValue(claim.Id, out var thin)
                    ? (AdoptionDifference.NotInPool, $"the pool has no thin id {claim.Id}")
                : ids[claim.Id] > 1
                    ? (AdoptionDifference.SameId, $"several claim thin id {claim.Id}")
                : claim.Phase != DevicePhase.Removing && keys[claim.Key] > 1
                    ? (AdoptionDifference.SameKey, $"several thin ids are claimed to be {claim.Key}; {claim.Id} is one")
                : claim.CreatedIn is { Value: var claimed } && thin.CreatedIn.Value < claimed
                    ? (AdoptionDifference.OtherDevice,
                        $"thin id {claim.Id} was made in transaction {thin.CreatedIn}, not in {claimed} or later: "
                        + "it is another device")
                : Misfit(claim, thin, blockSize);
            if (why is null)
            {
                clear[claim.Id] = claim;
                continue;
            }
            findings.Add(new(difference, claim.Key.ToString(), why));
            if (difference != AdoptionDifference.NotInPool)
                quarantine[claim.Id] = $"it was claimed to be {claim.Key} when the pool was adopted, but {why}";
        }
        return clear;
    }

    private static (AdoptionDifference, string?) Misfit(AdoptionClaim claim, ThinUsage thin, PoolBlockSize blockSize)
    {
        var size = claim.GrowingTo ?? claim.Size;
        var needed = thin.MappedBlocks * blockSize.Bytes.Bytes;
        return (AdoptionDifference.OtherSize,
            claim.Size.Bytes == 0 || claim.Size.Bytes % Units.SectorCount.BytesPerSector != 0
                ? $"{claim.Size.Bytes} bytes are no size of a device"
            : needed >= size.Bytes + blockSize.Bytes.Bytes
                ? $"thin id {claim.Id} has {thin.MappedBlocks} blocks of {blockSize}, more than the claimed {size} hold"
            : null);
    }

    /// <summary>
    /// Opening a pool removes imported layers that no image needs. In an adoption the image's file may only be missing
    /// or unreadable, so the layer stays, without its import label.
    /// </summary>
    private static ImmutableArray<AdoptionClaim> Kept(
        ImmutableArray<AdoptionClaim> devices, ImmutableArray<ImageClaim> images,
        ImmutableArray<AdoptionFinding>.Builder findings)
    {
        var byId = devices.ToDictionary(claim => claim.Id);
        var needed = new HashSet<ThinId>();
        foreach (var image in images)
        {
            ThinId? next = image.TopLayer;
            while (next is { } id && byId.TryGetValue(id, out var layer) && needed.Add(id))
                next = layer.Parent;
        }
        return [.. devices.Select(
            claim => NeedsImage(claim) && !needed.Contains(claim.Id) ? WithoutImport(claim) : claim)];

        bool NeedsImage(AdoptionClaim claim) =>
            claim is { Kind: DeviceKind.Layer, Phase: not DevicePhase.Removing }
            && claim.Labels.ContainsKey(DeviceLabels.Import);

        AdoptionClaim WithoutImport(AdoptionClaim claim)
        {
            findings.Add(new(AdoptionDifference.NoImage, claim.Key.ToString(),
                "it came by an import, and no image that is taken over needs it"));
            return claim with { Labels = claim.Labels.Remove(DeviceLabels.Import) };
        }
    }

    private static bool IsKept(
        ImageClaim image, Dictionary<ThinId, AdoptionClaim> devices,
        ImmutableArray<AdoptionFinding>.Builder findings)
    {
        if (devices.TryGetValue(image.TopLayer, out var top)
            && top is { Kind: DeviceKind.Layer, Phase: not DevicePhase.Removing })
            return true;
        findings.Add(new(AdoptionDifference.ImageWithoutLayer, image.Reference.Value,
            $"its top layer, thin id {image.TopLayer}, is not taken over"));
        return false;
    }

    private static bool IsKept(
        ViewClaim view, Dictionary<ThinId, AdoptionClaim> devices, HashSet<DeviceKey> keys,
        ImmutableArray<AdoptionFinding>.Builder findings)
    {
        var why = !devices.TryGetValue(view.Source, out var shown)
                || shown is { Kind: DeviceKind.Container } or { Phase: DevicePhase.Removing }
                ? $"what it shows, thin id {view.Source}, is not taken over as a layer or base"
            : !keys.Add(view.Key) ? "its key is another's"
            : null;
        if (why is not null)
            findings.Add(new(AdoptionDifference.ViewWithoutDevice, view.Key.ToString(), why));
        return why is null;
    }
}
