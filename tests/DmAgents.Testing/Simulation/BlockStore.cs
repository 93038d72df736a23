namespace DmAgents.Testing.Simulation;

/// <summary>
/// The bytes of a disk or a loop file, sparse, in pages of 4 KiB, with what a power cut would undo.
/// </summary>
internal sealed class BlockStore
{
    public const int PageSize = 4096;

    private static readonly byte[] ZeroPage = new byte[PageSize];

    /// <summary>Page arrays are never changed in place, so that the undo log can keep them.</summary>
    private readonly Dictionary<ulong, byte[]> _pages = [];

    /// <summary>What each page written since the last flush was before; null where it was a hole.</summary>
    private readonly Dictionary<ulong, byte[]?> _undo = [];

    public ulong AllocatedBytes => (ulong)_pages.Count * PageSize;

    public void Read(ulong offset, Span<byte> into)
    {
        while (!into.IsEmpty)
        {
            var (page, within, length) = Piece(offset, (ulong)into.Length);
            (_pages.GetValueOrDefault(page) ?? ZeroPage).AsSpan(within, length).CopyTo(into);
            into = into[length..];
            offset += (ulong)length;
        }
    }

    public void Write(ulong offset, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var (page, within, length) = Piece(offset, (ulong)bytes.Length);
            Change(page, within, bytes[..length]);
            bytes = bytes[length..];
            offset += (ulong)length;
        }
    }

    /// <summary>Zeroes and keeps the space, as BLKZEROOUT does.</summary>
    public void WriteZeroes(ulong offset, ulong length)
    {
        for (var end = offset + length; offset < end;)
        {
            var (page, within, piece) = Piece(offset, end - offset);
            if (piece == PageSize)
                Put(page, ZeroPage);
            else
                Change(page, within, ZeroPage.AsSpan(0, piece));
            offset += (ulong)piece;
        }
    }

    /// <summary>Gives whole pages back and zeroes partial ones, as punching a hole does.</summary>
    public void Discard(ulong offset, ulong length)
    {
        var first = (offset + PageSize - 1) / PageSize;
        var end = (offset + length) / PageSize;
        if (first >= end)
        {
            ZeroAllocated(offset, length);
            return;
        }
        ZeroAllocated(offset, (first * PageSize) - offset);
        ZeroAllocated(end * PageSize, offset + length - (end * PageSize));
        foreach (var page in _pages.Keys.Where(page => page >= first && page < end).ToList())
            Put(page, null);
    }

    /// <summary>How many bytes a write of this range would newly take.</summary>
    public ulong WouldTake(ulong offset, ulong length)
    {
        var taken = 0UL;
        for (var page = offset / PageSize; page * PageSize < offset + length; page++)
            taken += _pages.ContainsKey(page) ? 0UL : PageSize;
        return taken;
    }

    public void Flush() => _undo.Clear();

    /// <summary>
    /// Undoes what was never flushed: all of it, or with <paramref name="survives"/> each page by its own lot, as a
    /// disk's cache that wrote some of it back early.
    /// </summary>
    public void LoseUnflushed(Random? survives)
    {
        foreach (var (page, before) in _undo.OrderBy(entry => entry.Key))
        {
            if (survives is not null && survives.Next(2) == 0)
                continue;
            if (before is null)
                _pages.Remove(page);
            else
                _pages[page] = before;
        }
        _undo.Clear();
    }

    private static (ulong Page, int Within, int Length) Piece(ulong offset, ulong length)
    {
        var within = (int)(offset % PageSize);
        return (offset / PageSize, within, (int)Math.Min(length, (ulong)(PageSize - within)));
    }

    private void ZeroAllocated(ulong offset, ulong length)
    {
        for (var end = offset + length; offset < end;)
        {
            var (page, within, piece) = Piece(offset, end - offset);
            if (_pages.ContainsKey(page))
                Change(page, within, ZeroPage.AsSpan(0, piece));
            offset += (ulong)piece;
        }
    }

    private void Change(ulong page, int within, ReadOnlySpan<byte> bytes)
    {
        var changed = new byte[PageSize];
        if (bytes.Length < PageSize)
            _pages.GetValueOrDefault(page)?.CopyTo(changed, 0);
        bytes.CopyTo(changed.AsSpan(within));
        Put(page, changed);
    }

    private void Put(ulong page, byte[]? content)
    {
        _undo.TryAdd(page, _pages.GetValueOrDefault(page));
        if (content is null)
            _pages.Remove(page);
        else
            _pages[page] = content;
    }
}
