using System.Globalization;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using Spectre.Console;

namespace DmAgents.Cli.Pools;

/// <summary>All details of a pool, in the order in which an operator needs them.</summary>
internal static class PoolSheet
{
    public static void Write(IAnsiConsole console, PoolDetails pool, DateTimeOffset now)
    {
        var sheet = new Sheet();
        State(sheet, pool, now);
        Space(sheet, pool, console, now);
        Contents(sheet, pool, now);
        ThinPool(sheet, pool);
        Backing(sheet, pool, now);
        sheet.Write(console);
    }

    private static void State(Sheet sheet, PoolDetails pool, DateTimeOffset now)
    {
        Basics(sheet, pool, now);
        foreach (var concern in pool.FormatConcerns)
            sheet.Row("file system", concern);
        if (pool.Takeover is { } takeover)
            sheet.Row("adopted", $"from {takeover.Program}, {takeover.Directory}: {Words.Of(takeover.Phase)}");
    }

    private static void Basics(Sheet sheet, PoolDetails pool, DateTimeOffset now) => sheet
        .Group($"pool {pool.Name}")
        .Marked("state", $"[{Colour(pool.State)}]{Words.Of(pool.State)}[/] since {Times.Ago(pool.StateSince, now)}")
        .Row("cause", Words.OrDash(pool.StateCause))
        .Row("needs check", Words.YesNo(pool.NeedsCheck))
        .Row("kind", Words.Of(pool.Kind))
        .Row("uuid", pool.Uuid)
        .Row("created", Times.Ago(pool.CreatedAt, now));

    private static void Space(Sheet sheet, PoolDetails pool, IAnsiConsole console, DateTimeOffset now) => sheet
        .Group("space")
        .Marked("data", UsageBar.Markup(console, pool.Data))
        .Marked("metadata", UsageBar.Markup(console, pool.Metadata))
        .Row("provisioned", Provisioned(pool))
        .Row("block size", Sizes.Format(pool.BlockSizeBytes))
        .Row("sectors", pool.SectorConcern.Length > 0 ? pool.SectorConcern
            : pool.SectorSizeBytes > 0 ? Sizes.Format(pool.SectorSizeBytes) : "unknown")
        .Row("no new devices below",
            $"{Sizes.Format(pool.DataMinFreeBytes)} data, {Sizes.Format(pool.MetadataMinFreeBytes)} metadata free")
        .Row("low water marks",
            $"{Mark(pool.DataLowWatermarkBytes)} data, {Mark(pool.MetadataLowWatermarkBytes)} metadata")
        .Row("when full", pool.WhenFull switch
        {
            WhenFull.Queue => "writes wait",
            WhenFull.Error => "writes fail at once",
            _ => "unknown",
        })
        .Row("discards", pool.DiscardMode switch
        {
            DiscardMode.Passdown => "free blocks, and pass down to the device",
            DiscardMode.NoPassdown => "free blocks, do not pass down",
            DiscardMode.Ignore => "ignored",
            _ => "unknown",
        })
        .Row("last trim", pool.LastTrim is { } last
            ? $"{Times.Ago(last.EndedAt, now)}: {Words.Count(last.FileSystems, "file system")}, "
                + (last.HasUnmappedBytes ? $"{Sizes.Format(last.UnmappedBytes)} unmapped, " : "")
                + $"{Sizes.Format(last.GivenBackBytes)} given back"
            : "none yet")
        .Row("next trim", pool.Trimming ? "under way"
            : pool.NextTrimAt is null ? "only on request: dmagent pool trim"
            : Times.In(pool.NextTrimAt, now))
        .Row("new blocks", !pool.HasZeroesNewBlocks ? "unknown" : pool.ZeroesNewBlocks ? "zeroed" : "not zeroed");

    private static void Contents(Sheet sheet, PoolDetails pool, DateTimeOffset now) => sheet
        .Group("contents")
        .Row("layers", $"{pool.Layers}")
        .Row("containers", $"{pool.Containers}")
        .Row("views", $"{pool.Views}")
        .Rows("containerd's snapshots", pool.ContainerdNamespaces.Select(n => $"{n.Snapshots} in {n.Name}"))
        .Row("ready-made snapshots", $"{pool.Stock}, {pool.StockClaims} given away")
        .Row("active, mounted", $"{pool.ActiveDevices}, {pool.MountedDevices}")
        .Row("default file system", FileSystems.Name(pool.DefaultFileSystem))
        .Rows("bases", pool.Bases.Select(device =>
            $"{FileSystems.Name(device.FileSystem)} {Sizes.Format(device.SizeBytes)}, thin id {device.ThinId}"))
        .Row("deferred removal", Words.YesNo(pool.DeferredRemoval))
        .Row("deferred deletion", Words.YesNo(pool.DeferredDeletion))
        .Rows("pending removals", pool.PendingRemovals.Select(removal =>
            $"{Words.OrDash(Words.Short(removal.Key))} (thin id {removal.ThinId}) since "
            + $"{Times.Ago(removal.Since, now)}, {Words.Count(removal.Attempts, "attempt")}"
            + (removal.HasLeftBytes ? $", {Sizes.Format(removal.LeftBytes)} to be discarded" : "")
            + (removal.Holder.Length == 0 ? "" : $", {removal.Holder}")))
        .Row("quarantined thin ids", Words.OrNone(string.Join(' ', pool.QuarantinedThinIds)))
        .Row("metadata directory", Words.OrDash(pool.MetadataDirectory))
        .Row("mount directory", Words.OrDash(pool.MountDirectory));

    private static void ThinPool(Sheet sheet, PoolDetails pool) => sheet
        .Group("thin pool")
        .Row("dm name", pool.DmName)
        .Row("dm uuid", pool.DmUuid)
        .Row("dm device", pool.DmDevice)
        .Row("transaction id", pool.TransactionId == pool.JournalTransactionId
            ? $"{pool.TransactionId}"
            : $"{pool.TransactionId}, the journal expects {pool.JournalTransactionId}")
        .Row("held metadata root", pool.HasHeldMetadataRoot ? $"block {pool.HeldMetadataRoot}" : "none");

    private static void Backing(Sheet sheet, PoolDetails pool, DateTimeOffset now)
    {
        sheet.Group("backing");
        foreach (var store in pool.Backing)
        {
            var text = $"{store.Path}  {Sizes.Format(store.SizeBytes)}";
            if (store.HasLoopDevice)
                text += $", on {store.LoopDevice}";
            if (store.HasAllocatedBytes)
                text += $", {Sizes.Format(store.AllocatedBytes)} allocated on the host";
            if (store.HasHostFreeBytes)
                text += $", {Sizes.Format(store.HostFreeBytes)} free there";
            sheet.Row(Words.Of(store.Role), text);
        }
        if (pool.Spares.Count > 0)
            sheet.Rows("spare", pool.Spares);
        if (pool.KeptMetadata.Count > 0)
        {
            sheet.Rows("kept metadata", pool.KeptMetadata.Select(kept =>
                $"{kept.Place}, replaced {Times.Ago(kept.Since, now)}; give them up: "
                    + $"dmagent pool discard-metadata {pool.Name}"));
        }
        if (pool.LastBackup is { } backup)
        {
            sheet.Row("metadata backup", backup.WhyNot.Length > 0
                ? $"FAILED {Times.Ago(backup.At, now)}: {backup.WhyNot}; the last one is {Words.OrNone(backup.Name)}"
                : $"{backup.Name}, {Times.Ago(backup.At, now)}; {BackupView.Proof(backup.Proof, now)}");
            if (backup.Name.Length > 0 && backup.LatestProved != backup.Name)
                sheet.Row("latest proved", Words.OrNone(backup.LatestProved));
        }
    }

    private static string Provisioned(PoolDetails pool)
    {
        var text = Sizes.Format(pool.ProvisionedBytes);
        if (pool.Data is not { TotalBytes: > 0 } data)
            return text;
        var times = (double)pool.ProvisionedBytes / data.TotalBytes;
        return string.Create(CultureInfo.InvariantCulture, $"{text}, {times:0.##} times the data");
    }

    private static string Mark(ulong bytes) => bytes == 0 ? "no" : Sizes.Format(bytes);

    private static string Colour(PoolState state) => state switch
    {
        PoolState.Writable => "green",
        PoolState.LowData or PoolState.LowMetadata or PoolState.Opening => "yellow",
        _ => "red",
    };
}
