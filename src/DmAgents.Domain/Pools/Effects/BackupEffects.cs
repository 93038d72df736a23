using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>Backups of a pool's metadata: makes them atomically, lists them, and deletes surplus ones.</summary>
public sealed class BackupEffects(IKernel kernel, IDurableFiles files, PoolContext pool)
{
    /// <summary>The first tag of the metadata text has the facts about the whole pool.</summary>
    private const int HeadLength = 512;

    /// <summary>Writes the metadata of the live pool to a file. Holds the pool's metadata snapshot meanwhile.</summary>
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

    /// <summary>Restores a backup to a scratch file in the pool's own directory, checks the result, and compares it.
    /// Uses nothing of the pool, and leaves no files.</summary>
    /// <param name="name">The backup.</param>
    /// <param name="shape">The pool's shape.</param>
    /// <param name="written">The content at the backup; null if it is no longer known. Then only soundness and the
    /// transaction id that the backup states are checked.</param>
    /// <returns>Done if it was restored, is sound and has the same content; Invalid if not.</returns>
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

    /// <summary>The existing backups, the latest first.</summary>
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

    /// <summary>The pool's transaction id at the time of a backup; null if the backup does not state it.</summary>
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

    /// <summary>Deletes surplus backups by the settings, and unfinished ones that a crash left. Call it only while no
    /// backup is being made.</summary>
    public KernelResult Prune(BackupSettings settings)
    {
        var present = List();
        return !present.Succeeded
            ? present.Outcome
            : RemoveUnfinished().Then(() => Remove(BackupPlan.Surplus(settings, present.Value)));
    }

    /// <summary>Deletes all backups, when the pool is retired.</summary>
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
