using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>Backups of a pool's metadata: made whole or not at all, listed, and given up when they are too
/// many.</summary>
public sealed class BackupEffects(IKernel kernel, IDurableFiles files, PoolContext pool)
{
    /// <summary>What a text of metadata tells of the whole is in its first tag.</summary>
    private const int HeadLength = 512;

    /// <summary>Writes down the metadata of the live pool. Takes its metadata snapshot for as long as that
    /// lasts.</summary>
    public KernelResult<MetadataContent> Make(BackupName name)
    {
        KernelResult<MetadataContent> dumped = default;
        var written = files.Replace(PathOf(name), into =>
        {
            into.Write(BackupOwner.Member(pool.Identity.Uuid));
            using var compressed = new GZipStream(into, CompressionLevel.Fastest, leaveOpen: true);
            dumped = kernel.DumpMetadata(pool.Device, compressed);
            return dumped.Outcome;
        });
        return written.Succeeded ? dumped : written.Error;
    }

    /// <summary>Restores a backup into a file in the pool's own directory, checks what came of it, and compares. Uses
    /// nothing of the pool, and leaves nothing behind.</summary>
    /// <param name="name">The backup.</param>
    /// <param name="shape">What the pool is.</param>
    /// <param name="written">What was written down; null where that is not known any more: then only that what was
    /// restored is sound, and of the time that the backup says.</param>
    /// <returns>Done where it was restored and is sound and the same; Invalid where it is not.</returns>
    public KernelResult Prove(BackupName name, MetadataShape shape, MetadataContent? written)
    {
        var looked = new LookEffects(kernel, files, pool, ScratchUse.Proof)
            .Look(new MetadataSource.Backup(name), shape);
        if (!looked.Succeeded)
            return looked.Error;
        var restored = looked.Value.Result!;
        var why = (written?.TransactionId ?? TransactionOf(name)) != restored.TransactionId
                ? $"it has transaction id {restored.TransactionId} when it is restored"
            : written is { Thins: var thins } && !Same(thins, restored.Thins)
                ? "it has other thin devices when it is restored, or they map other numbers of blocks"
            : null;
        return why is null
            ? KernelResult.Done
            : new KernelError(KernelFault.Invalid, 0, "prove backup", name.FileName, why);
    }

    private static bool Same(ImmutableArray<ThinUsage> left, ImmutableArray<ThinUsage> right) =>
        left.Select(Known).SequenceEqual(right.Select(Known));

    private static (ThinId, ulong, TransactionId) Known(ThinUsage thin) =>
        (thin.Id, thin.MappedBlocks, thin.CreatedIn);

    /// <summary>The backups that there are, the latest first.</summary>
    public KernelResult<ImmutableArray<BackupFile>> List()
    {
        var names = files.List(pool.Paths.BackupDirectory);
        if (!names.Succeeded)
            return names.Error;
        var found = ImmutableArray.CreateBuilder<BackupFile>();
        foreach (var file in names.Value)
        {
            if (!BackupName.TryParseFile(file, out var name))
                continue;
            var size = files.SizeOf(PathOf(name));
            if (size.FailedWith(KernelFault.NotFound))
                continue;
            if (!size.Succeeded)
                return size.Error;
            found.Add(new BackupFile(name, size.Value));
        }
        found.Sort((left, right) => right.Name.At.CompareTo(left.Name.At));
        return found.ToImmutable();
    }

    /// <summary>The pool's transaction id at the time of a backup; null where it does not say.</summary>
    public TransactionId? TransactionOf(BackupName name)
    {
        var opened = files.OpenRead(PathOf(name));
        if (!opened.Succeeded)
            return null;
        using var compressed = opened.Value;
        using var text = new GZipStream(compressed, CompressionMode.Decompress);
        var head = new byte[HeadLength];
        try
        {
            return TransactionIn(Encoding.ASCII.GetString(head, 0, text.ReadAtLeast(head, HeadLength, false)));
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Removes those that are too many by the settings, and what a crash has left of unfinished ones: while
    /// none is being made.</summary>
    public KernelResult Prune(BackupSettings settings)
    {
        var present = List();
        return !present.Succeeded
            ? present.Outcome
            : RemoveUnfinished().Then(() => Remove(BackupPlan.Surplus(settings, present.Value)));
    }

    /// <summary>Removes all of them, for a pool that is to be no more.</summary>
    public KernelResult RemoveAll()
    {
        var present = List();
        return present.Succeeded
            ? RemoveUnfinished().Then(() => Remove(present.Value.Select(backup => backup.Name)))
            : present.Outcome;
    }

    private KernelResult RemoveUnfinished()
    {
        var names = files.List(pool.Paths.BackupDirectory);
        return !names.Succeeded
            ? names.Outcome
            : names.Value.Where(BackupName.IsUnfinished).Aggregate(
                KernelResult.Done,
                (result, file) => result.Then(() => files.Delete($"{pool.Paths.BackupDirectory}/{file}")));
    }

    private KernelResult Remove(IEnumerable<BackupName> names) => names.Aggregate(
        KernelResult.Done, (result, name) => result.Then(() => files.Delete(PathOf(name))));

    private string PathOf(BackupName name) => $"{pool.Paths.BackupDirectory}/{name.FileName}";

    private static TransactionId? TransactionIn(string head)
    {
        const string Attribute = " transaction=\"";
        var start = head.IndexOf(Attribute, StringComparison.Ordinal);
        if (start < 0)
            return null;
        var digits = head[(start + Attribute.Length)..].Split('"')[0];
        return ulong.TryParse(digits, out var id) ? new TransactionId(id) : null;
    }
}
