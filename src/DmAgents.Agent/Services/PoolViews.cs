using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DeviceKind = DmAgents.Domain.Devices.DeviceKind;

namespace DmAgents.Agent.Services;

/// <summary>A pool in the API's terms.</summary>
internal sealed class PoolViews(PoolSettings settings)
{
    public static PoolSummary Summary(PoolPicture pool)
    {
        var summary = new PoolSummary
        {
            Name = pool.Name.Value,
            Uuid = pool.Uuid.ToString(),
            Kind = KindOf(pool.State),
            State = Views.State(pool),
            StateSince = Views.Time(IsJudged(pool) ? pool.State.Condition.Since ?? pool.Since : pool.Since),
            StateCause = IsJudged(pool) && pool.State.Condition.Condition != PoolCondition.Writable
                ? pool.State.Condition.Why
                : pool.Reason,
            Layers = Count(pool.State, DeviceKind.Layer),
            Containers = Count(pool.State, DeviceKind.Container),
            Views = (uint)pool.State.Views.Count,
        };
        if (pool.Health is { } health)
        {
            summary.Data = Views.Space(health.Status.Data);
            summary.Metadata = Views.Space(health.Status.Metadata);
        }
        return summary;
    }

    /// <summary>The effect of a removal on the pool that was removed.</summary>
    public static RemovePoolReply Removed(PoolPicture pool)
    {
        var reply = new RemovePoolReply { Pool = pool.Name.Value };
        var devices = pool.State.Devices.Values.Count(d => d.Kind != DeviceKind.Base && d.IsPresent);
        if (devices > 0)
            reply.Done.Add(new Step { What = $"unmounted, deactivated and lost {devices} layers and containers" });
        reply.Done.Add(new Step { What = "taken down", Object = pool.Name.Value });
        reply.Done.Add(pool.State.Identity?.Backing switch
        {
            PoolBacking.Disks => new Step { What = "labels erased; its disks are free" },
            PoolBacking.LoopFiles => new Step { What = "loop files deleted" },
            _ => new Step { What = "left to the program that assembles it" },
        });
        return reply;
    }

    /// <summary>The displayed state is that of the pool in the kernel, not that of the agent.</summary>
    private static bool IsJudged(PoolPicture pool) => pool.Phase == PoolPhase.Open;

    public PoolDetails Details(PoolInspection inspection)
    {
        var pool = inspection.Pool;
        var summary = Summary(pool);
        var details = new PoolDetails
        {
            Name = summary.Name,
            Uuid = summary.Uuid,
            Kind = summary.Kind,
            State = summary.State,
            StateSince = summary.StateSince,
            StateCause = summary.StateCause,
            Layers = summary.Layers,
            Containers = summary.Containers,
            Views = summary.Views,
            JournalTransactionId = pool.State.Checkpoint.Reached.Value,
            DeferredRemoval = true,
            DeferredDeletion = true,
            MetadataDirectory = pool.Paths.MetadataDirectory,
            MountDirectory = pool.Paths.MountDirectory,
            SectorConcern = pool.Sectors ?? "",
        };
        details.FormatConcerns.Add(PoolProblems.Formats(pool).Select(
            found => $"{found.Subject}: {found.Why}; {found.Next}"));
        if (pool.State.Takeover is { } takeover)
            details.Takeover = View(takeover);
        if (pool.State.Identity is not { } identity)
            return details;
        AddIdentity(details, identity, pool.State);
        AddDevices(details, pool);
        AddTrim(details, pool);
        AddKernel(details, identity, inspection);
        AddBacking(details, identity.Backing, inspection.Files);
        return details;
    }

    private static Takeover View(TakeoverRecord takeover) => new()
    {
        Program = takeover.Program,
        Directory = takeover.Directory.Value,
        TransactionId = takeover.TransactionId.Value,
        Phase = takeover.Phase switch
        {
            TakeoverPhase.Provisional => Takeover.Types.Phase.Provisional,
            TakeoverPhase.Confirmed => Takeover.Types.Phase.Confirmed,
            TakeoverPhase.Returning => Takeover.Types.Phase.Returning,
            _ => Takeover.Types.Phase.Returned,
        },
    };

    private static void AddIdentity(PoolDetails details, PoolIdentity identity, PoolContents state)
    {
        details.BlockSizeBytes = identity.BlockSize.Bytes.Bytes;
        details.SectorSizeBytes = identity.SectorSize?.Bytes ?? 0;
        details.Spares.Add(state.Spares.Select(disk => disk.Value));
        details.KeptMetadata.Add(state.Kept.Select(CareViews.Kept));
        if (state.LastBackup is { } backup)
        {
            details.LastBackup = new BackupStatus
            {
                Name = backup.Name ?? "", At = Views.Time(backup.At), WhyNot = backup.Why ?? "",
                Proof = CareViews.Proof(state.Proofs.Of(backup.Name ?? "")),
                LatestProved = state.Proofs.LatestProved ?? "",
            };
        }
        details.DefaultFileSystem = Views.FileSystem(identity.FileSystem);
        details.CreatedAt = Views.Time(identity.CreatedAt);
        details.Bases.Add(state.Devices.Values.Where(d => d.Kind == DeviceKind.Base).OrderBy(d => d.Id)
            .Select(d => new BaseDevice
            {
                ThinId = d.Id.Value, FileSystem = Views.FileSystem(d.FileSystem), SizeBytes = d.Size.Bytes,
            }));
    }

    private static void AddDevices(PoolDetails details, PoolPicture pool)
    {
        var present = pool.State.Devices.Values.Where(d => d.IsPresent).ToList();
        details.Stock = (uint)present.Count(d => d.Key.IsStock);
        details.StockClaims = (ulong)pool.StockClaims;
        details.ContainerdNamespaces.Add(present.Select(d => d.Key).Concat(pool.State.Views.Keys)
            .Where(k => k.ContainerdNamespace is not null).CountBy(k => k.ContainerdNamespace!)
            .OrderBy(n => n.Key, StringComparer.Ordinal)
            .Select(n => new ContainerdNamespace { Name = n.Key, Snapshots = (uint)n.Value }));
        details.ProvisionedBytes = present.Aggregate(0UL, (sum, d) => sum + d.Size.Bytes);
        details.ActiveDevices = (uint)present.Count(d => d.Use != DeviceUse.Idle);
        details.MountedDevices = (uint)present.Count(d => d.Use == DeviceUse.Mounted);
        details.QuarantinedThinIds.Add(pool.State.Quarantine.Keys.Select(id => id.Value));
        foreach (var deletion in pool.Deletions.Values)
        {
            if (!pool.State.Devices.TryGetValue(deletion.Id, out var device))
                continue;
            var removal = new PendingRemoval
            {
                ThinId = deletion.Id.Value, Key = KeyText.Of(device.Key), Since = Views.Time(device.UpdatedAt),
                Attempts = (uint)deletion.Tries, Holder = deletion.Why,
            };
            if (deletion.BlocksLeft is { } left)
                removal.LeftBytes = left * pool.State.Identity!.BlockSize.Bytes.Bytes;
            details.PendingRemovals.Add(removal);
        }
    }

    private static void AddTrim(PoolDetails details, PoolPicture pool)
    {
        details.Trimming = pool.IsTrimming;
        if (pool.NextTrim is { } next)
            details.NextTrimAt = Views.Time(next);
        if (pool.State.LastTrim is { } last)
        {
            details.LastTrim = new Api.Admin.V1.TrimRound
            {
                EndedAt = Views.Time(last.At), FileSystems = (uint)last.FileSystems,
                HandedDownBytes = last.HandedDown.Bytes, GivenBackBytes = last.GivenBack.Bytes,
            };
            if (last.Unmapped is { } unmapped)
                details.LastTrim.UnmappedBytes = unmapped.Bytes;
        }
    }

    private void AddKernel(PoolDetails details, PoolIdentity identity, PoolInspection inspection)
    {
        details.DmName = inspection.Device?.Value ?? "";
        if (inspection.Live is { } live)
        {
            details.DmUuid = live.Uuid.Value;
            details.DmDevice = live.Number.ToString();
        }
        if (inspection.Status is not { } status)
            return;
        details.Data = Views.Space(status.Data);
        details.Metadata = Views.Space(status.Metadata);
        details.TransactionId = status.TransactionId.Value;
        details.NeedsCheck = status.NeedsCheck;
        details.WhenFull = status.NoSpace == NoSpacePolicy.Error ? WhenFull.Error : WhenFull.Queue;
        details.DiscardMode = status.Discard switch
        {
            DiscardPolicy.Passdown => DiscardMode.Passdown,
            DiscardPolicy.NoPassdown => DiscardMode.NoPassdown,
            _ => DiscardMode.Ignore,
        };
        if (status.HeldRoot is { } root)
            details.HeldMetadataRoot = root;
        details.MetadataLowWatermarkBytes = status.MetadataLowWaterMark * status.Metadata.BlockSize.Bytes;
        // If another program assembles the pool, only that program knows its disks.
        if (identity.Backing is not PoolBacking.Existing)
        {
            details.DataLowWatermarkBytes = Part(status.Data.TotalBytes, settings.LowWaterPercent);
            details.ZeroesNewBlocks = true;
        }
        details.DataMinFreeBytes = Part(status.Data.TotalBytes, settings.Marks.MinFreeDataPercent);
        details.MetadataMinFreeBytes = Part(status.Metadata.TotalBytes, settings.Marks.MinFreeMetadataPercent);
    }

    private static void AddBacking(
        PoolDetails details, PoolBacking backing, ImmutableDictionary<LoopFile, LoopFileInfo> infos)
    {
        switch (backing)
        {
            case PoolBacking.Disks disks:
                var metadata = disks.Metadata.Select(p => p.Disk).ToHashSet();
                var data = disks.Data.Select(p => p.Disk).ToHashSet();
                details.Backing.Add(disks.Data.Concat(disks.Metadata).GroupBy(p => p.Disk)
                    .Select(parts => new BackingStore
                    {
                        Role = !metadata.Contains(parts.Key) ? BackingStore.Types.Role.Data
                            : data.Contains(parts.Key) ? BackingStore.Types.Role.DataAndMetadata
                            : BackingStore.Types.Role.Metadata,
                        Path = parts.Key.Value,
                        SizeBytes = parts.Aggregate(0UL, (sum, p) => sum + p.Length.Bytes.Bytes),
                    }));
                break;
            case PoolBacking.LoopFiles files:
                details.Backing.Add(Loop(files.Data, BackingStore.Types.Role.Data, infos));
                details.Backing.Add(Loop(files.Metadata, BackingStore.Types.Role.Metadata, infos));
                // Sparse files can promise more space than the host has.
                if (details.Data is { } space && details.Backing[0].HasHostFreeBytes)
                    space.FreeBytes = Math.Min(space.FreeBytes, details.Backing[0].HostFreeBytes);
                break;
            case PoolBacking.Existing existing:
                details.Backing.Add(new BackingStore
                {
                    Role = BackingStore.Types.Role.DataAndMetadata, Path = existing.Pool.Path.Value,
                    SizeBytes = details.Data?.TotalBytes ?? 0,
                });
                break;
            default:
                throw new InvalidOperationException("a backing of no known kind");
        }
    }

    private static BackingStore Loop(
        LoopFilePart part, BackingStore.Types.Role role, ImmutableDictionary<LoopFile, LoopFileInfo> infos)
    {
        var store = new BackingStore { Role = role, Path = part.File.Value, SizeBytes = part.Size.Bytes };
        if (infos.GetValueOrDefault(part.File) is not { } file)
            return store;
        store.AllocatedBytes = file.Allocated.Bytes;
        store.HostFreeBytes = file.HostFree.Bytes;
        if (file.Attached is { } loop)
            store.LoopDevice = loop.Value;
        return store;
    }

    private static PoolKind KindOf(PoolContents state) => state.Identity?.Backing switch
    {
        PoolBacking.LoopFiles => PoolKind.Loop,
        PoolBacking.Existing => PoolKind.Existing,
        PoolBacking.Disks disks => disks.Metadata.Any(m => disks.Data.Any(d => d.Disk == m.Disk))
            ? PoolKind.SingleDisk : PoolKind.Direct,
        _ => PoolKind.Unspecified,
    };

    private static uint Count(PoolContents state, DeviceKind kind) =>
        (uint)state.Devices.Values.Count(d => d.Kind == kind && d.IsPresent && !d.Key.IsStock);

    private static ulong Part(ByteSize total, double percent) => (ulong)(total.Bytes * (percent / 100));
}
