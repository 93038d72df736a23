using System.Collections.Immutable;

namespace DmAgents.Domain.Tests.Simulation;

/// <summary>
/// A thin pool that copies everything: per thin id, per virtual block, the byte that fills it. With it, what a power
/// cut must leave and what it may.
/// </summary>
internal sealed class NaivePool
{
    private static readonly ImmutableDictionary<ulong, byte> Empty = ImmutableDictionary<ulong, byte>.Empty;

    private readonly Dictionary<(uint Id, ulong Block), HashSet<byte>> _unflushed = [];

    private ImmutableSortedDictionary<uint, ImmutableDictionary<ulong, byte>> _thins =
        ImmutableSortedDictionary<uint, ImmutableDictionary<ulong, byte>>.Empty;

    private ImmutableSortedDictionary<uint, ImmutableDictionary<ulong, byte>> _durable =
        ImmutableSortedDictionary<uint, ImmutableDictionary<ulong, byte>>.Empty;

    public IEnumerable<uint> Ids => _thins.Keys;

    public bool Has(uint id) => _thins.ContainsKey(id);

    public int Mapped(uint id) => _thins[id].Count;

    public byte Read(uint id, ulong block) => _thins[id].GetValueOrDefault(block);

    public void Create(uint id) => _thins = _thins.Add(id, Empty);

    public void Snapshot(uint id, uint origin) => _thins = _thins.Add(id, _thins[origin]);

    public void Delete(uint id) => _thins = _thins.Remove(id);

    public void Write(uint id, ulong block, byte fill)
    {
        _thins = _thins.SetItem(id, _thins[id].SetItem(block, fill));
        Note(id, block, fill);
    }

    /// <summary>The disk below hears of it before the metadata say so: until then zeros may show through.</summary>
    public void Discard(uint id, ulong block)
    {
        _thins = _thins.SetItem(id, _thins[id].Remove(block));
        Note(id, block, value: 0);
    }

    /// <summary>All so far survives a power cut.</summary>
    public void Flush()
    {
        _durable = _thins;
        _unflushed.Clear();
    }

    public void PowerCut() => _thins = _durable;

    /// <summary>What a block may hold, page by page, after a power cut that kept some unflushed pages.</summary>
    public IReadOnlySet<byte> Possible(uint id, ulong block)
    {
        var written = _unflushed.GetValueOrDefault((id, block)) ?? [];
        return new HashSet<byte>(written) { _durable[id].GetValueOrDefault(block) };
    }

    private void Note(uint id, ulong block, byte value)
    {
        if (!_unflushed.TryGetValue((id, block), out var written))
            _unflushed[(id, block)] = written = [];
        written.Add(value);
    }
}
