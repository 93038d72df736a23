using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Testing.Simulation;

/// <summary>A file's length in bytes and its blocks of 4 KiB in order.</summary>
internal sealed record StoredFile(ulong Length, ImmutableArray<ulong> Blocks)
{
    public static StoredFile Empty { get; } = new(0, []);
}

/// <summary>What a file system's superblock on the device stands for: its kind, its size and its files.</summary>
internal sealed record FileSystemImage(
    FileSystemKind Kind, ulong SizeInBytes, ImmutableSortedDictionary<string, StoredFile> Files)
{
    public const int BlockSize = BlockStore.PageSize;

    /// <summary>Where the superblock's bytes are, as in ext4.</summary>
    public const ulong SuperblockAt = 1024;

    /// <summary>Blocks of one group, which begins with a block of its own tables: 128 MiB, as in ext4.</summary>
    private const ulong GroupBlocks = 32768;

    /// <summary>The least that it reads and writes: on a device of larger sectors it cannot be mounted. ext4 asks for
    /// its blocks, xfs for the sectors that it was made for.</summary>
    public ulong Unit { get; init; } = BlockSize;

    /// <summary>Those that the agent gives, unless another program made it.</summary>
    public ImmutableSortedSet<string> Features { get; init; } =
        [.. FileSystemFormat.Of(Kind).Features];

    public ulong Blocks => SizeInBytes / BlockSize;

    public string Signature => Kind == FileSystemKind.Ext4 ? "ext4 file system" : "xfs file system";

    public static FileSystemImage Empty(FileSystemKind kind, ulong sizeInBytes) =>
        new(kind, sizeInBytes, ImmutableSortedDictionary.Create<string, StoredFile>(StringComparer.Ordinal));

    public static FileSystemImage? Read(SimulatedDevice device, Superblocks superblocks, out Errno errno)
    {
        errno = Errno.None;
        if (device.Length < SuperblockAt + Superblocks.Length)
            return null;
        var bytes = new byte[Superblocks.Length];
        errno = device.Read(SuperblockAt, bytes);
        return errno == Errno.None ? superblocks.Decode(bytes) as FileSystemImage : null;
    }

    /// <summary>True for the blocks that no file can have.</summary>
    public static bool IsTable(ulong block) => block % GroupBlocks == 0;

    /// <summary>The first bytes of every group that begins at or after <paramref name="from"/>.</summary>
    public IEnumerable<ulong> Tables(ulong from = 0)
    {
        for (var block = (from + GroupBlocks - 1) / GroupBlocks * GroupBlocks; block < Blocks; block += GroupBlocks)
            yield return block * BlockSize;
    }

    /// <summary>Ranges of bytes that neither tables nor files use.</summary>
    public IEnumerable<(ulong Start, ulong Length)> Unused()
    {
        var used = Files.Values.SelectMany(file => file.Blocks)
            .Concat(Tables().Select(start => start / BlockSize))
            .Append(Blocks)
            .Order();
        var next = 0UL;
        foreach (var block in used)
        {
            if (block > next)
                yield return (next * BlockSize, (block - next) * BlockSize);
            next = block + 1;
        }
    }
}
