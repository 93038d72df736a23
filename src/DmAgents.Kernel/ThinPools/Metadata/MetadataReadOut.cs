using System.Buffers.Binary;
using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>
/// Everything reachable in damaged metadata with a sound superblock, as text for thin_restore. It skips an unreadable
/// node with its subtree and keeps everything else; thin_repair 1.1.0 gives up all devices for one node.
/// </summary>
/// <remarks>A device whose mappings are only partly reachable is written with that part: it then maps less than its
/// details say, and a comparison shows the difference. A device without any reachable mapping is omitted, because an
/// empty device in its place would read as zeros. A device without details gets the pool's present time: the kernel
/// then treats all its blocks as shared, and copies before it writes.</remarks>
internal sealed class MetadataReadOut
{
    private const int DetailsSize = 24;
    private const int MostLevels = 16;
    private const int TimeBits = 24;
    private const ulong TimeMask = (1UL << TimeBits) - 1;

    private readonly BtreeWalk _walk;
    private readonly SortedDictionary<uint, ulong> _roots = [];
    private readonly Dictionary<uint, Details> _details = [];
    private readonly uint _time;
    private readonly MetadataShape _shape;

    private readonly record struct Details(ulong Mapped, ulong Transaction, uint Created, uint Snapshotted);

    /// <param name="walk">Reads the nodes.</param>
    /// <param name="mappings">The root of the mappings.</param>
    /// <param name="details">The root of the device details.</param>
    /// <param name="time">The pool's present time.</param>
    /// <param name="shape">The pool's transaction id, block size and number of blocks.</param>
    public MetadataReadOut(BtreeWalk walk, ulong mappings, ulong details, uint time, MetadataShape shape)
    {
        (_walk, _time, _shape) = (walk, time, shape);
        Reach(mappings, sizeof(ulong), (id, root) =>
        {
            if (id <= ThinId.Max)
                _roots[(uint)id] = BinaryPrimitives.ReadUInt64LittleEndian(root);
        });
        Reach(details, DetailsSize, (id, value) =>
        {
            if (id <= ThinId.Max)
            {
                _details[(uint)id] = new Details(
                    BinaryPrimitives.ReadUInt64LittleEndian(value),
                    BinaryPrimitives.ReadUInt64LittleEndian(value[8..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(value[16..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(value[20..]));
            }
        });
    }

    /// <summary>The number of devices that <see cref="Write(TextWriter)"/> has written.</summary>
    public int Devices { get; private set; }

    public void Write(TextWriter into)
    {
        Devices = 0;
        into.NewLine = "\n";
        into.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"<superblock uuid=\"\" time=\"{_time}\" transaction=\"{_shape.TransactionId}\" flags=\"0\" version=\"2\" "
            + $"data_block_size=\"{_shape.BlockSize.Sectors.Value}\" nr_data_blocks=\"{_shape.DataBlocks}\">"));
        foreach (var (id, root) in _roots)
            Write(id, root, into);
        into.WriteLine("</superblock>");
    }

    private void Write(uint id, ulong root, TextWriter into)
    {
        var runs = Runs(root, out var mapped);
        if (mapped == 0 && (!_details.TryGetValue(id, out var known) || known.Mapped > 0))
            return;
        if (!_details.TryGetValue(id, out var details))
            details = new Details(mapped, _shape.TransactionId.Value, _time, _time);
        into.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  <device dev_id=\"{id}\" mapped_blocks=\"{mapped}\" transaction=\"{details.Transaction}\" "
            + $"creation_time=\"{details.Created}\" snap_time=\"{details.Snapshotted}\">"));
        foreach (var (first, length) in runs)
            into.WriteLine(length == 1 ? Single(first) : Range(first, length));
        into.WriteLine("  </device>");
        Devices++;
    }

    private static string Single(MappedBlock mapping) => string.Create(CultureInfo.InvariantCulture,
        $"    <single_mapping origin_block=\"{mapping.Virtual}\" data_block=\"{mapping.Data}\" "
        + $"time=\"{mapping.Time}\"/>");

    private static string Range(MappedBlock first, ulong length) => string.Create(CultureInfo.InvariantCulture,
        $"    <range_mapping origin_begin=\"{first.Virtual}\" data_begin=\"{first.Data}\" length=\"{length}\" "
        + $"time=\"{first.Time}\"/>");

    private List<(MappedBlock First, ulong Length)> Runs(ulong root, out ulong mapped)
    {
        var runs = new List<(MappedBlock First, ulong Length)>();
        var count = 0UL;
        Reach(root, sizeof(ulong), (block, value) =>
        {
            var number = BinaryPrimitives.ReadUInt64LittleEndian(value);
            var mapping = new MappedBlock(block, number >> TimeBits, (uint)(number & TimeMask));
            if (mapping.Data >= _shape.DataBlocks)
                return;
            count++;
            if (runs is [.., var last] && mapping == new MappedBlock(
                last.First.Virtual + last.Length, last.First.Data + last.Length, last.First.Time))
                runs[^1] = last with { Length = last.Length + 1 };
            else
                runs.Add((mapping, 1));
        });
        mapped = count;
        return runs;
    }

    /// <summary>Every reachable entry below a root, in ascending order of keys.</summary>
    private void Reach(ulong root, int valueSize, LeafEntry take)
    {
        var next = 0UL;
        var open = new Stack<(ulong Block, int Level)>();
        open.Push((root, 0));
        while (open.TryPop(out var at))
        {
            if (at.Level >= MostLevels || _walk.Node(at.Block, at.Level, out var node) is not null)
                continue;
            for (var i = node.Count - 1; !node.IsLeaf && i >= 0; i--)
                open.Push((node.Number(i), at.Level + 1));
            for (var i = 0; node.IsLeaf && node.ValueSize == valueSize && i < node.Count; i++)
            {
                // A repeated key, or one after a greater key, does not belong to this tree.
                if (node.Key(i) < next)
                    continue;
                next = node.Key(i) + 1;
                take(node.Key(i), node.Value(i));
            }
        }
    }
}
