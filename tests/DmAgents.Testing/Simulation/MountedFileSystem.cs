using System.Collections.Immutable;

namespace DmAgents.Testing.Simulation;

/// <summary>
/// A mounted file system and its dirty pages. Blocks are chosen when a file is written; bytes and superblock reach
/// the device with the next sync, freeze or unmount, and are lost in a power cut before.
/// </summary>
internal sealed class MountedFileSystem
{
    private readonly Superblocks _superblocks;
    private readonly SortedDictionary<ulong, byte[]> _dirty = [];
    private readonly HashSet<ulong> _used;
    private FileSystemImage _image;
    private bool _imageDirty;
    private ulong _searchFrom;

    /// <summary>A writable mount marks the superblock, as ext4 and xfs do: it costs a snapshot its first copy.
    /// </summary>
    public MountedFileSystem(SimulatedDevice device, FileSystemImage image, Superblocks superblocks, bool readOnly)
    {
        Device = device;
        ReadOnly = readOnly;
        _image = image;
        _superblocks = superblocks;
        _used = [.. image.Files.Values.SelectMany(file => file.Blocks)];
        _imageDirty = !readOnly;
        device.Open();
        device.FileSystem = this;
    }

    public SimulatedDevice Device { get; }

    public bool ReadOnly { get; }

    public FileSystemImage Image => _image;

    public bool Frozen { get; private set; }

    /// <summary>Mounts of it, and open files that outlive a detached one.</summary>
    public int Users { get; set; }

    public IEnumerable<string> FileNames => _image.Files.Keys;

    /// <summary>Puts bytes into a file, which is made or made longer where need be.</summary>
    public Errno WriteAt(string name, ulong offset, ReadOnlySpan<byte> bytes)
    {
        if (MayChange() is var errno and not Errno.None)
            return errno;
        var file = _image.Files.GetValueOrDefault(name, StoredFile.Empty);
        var length = Math.Max(file.Length, offset + (ulong)bytes.Length);
        var blocks = file.Blocks.ToBuilder();
        while ((ulong)blocks.Count * FileSystemImage.BlockSize < length)
        {
            if (Allocate() is not { } block)
                return Errno.NoSpace;
            _dirty[block] = new byte[FileSystemImage.BlockSize];
            blocks.Add(block);
        }
        for (var done = 0; done < bytes.Length;)
        {
            var block = blocks[(int)((offset + (ulong)done) / FileSystemImage.BlockSize)];
            var within = (int)((offset + (ulong)done) % FileSystemImage.BlockSize);
            var piece = Math.Min(bytes.Length - done, FileSystemImage.BlockSize - within);
            errno = Change(block, within, bytes.Slice(done, piece));
            if (errno != Errno.None)
                return errno;
            done += piece;
        }
        Keep(name, new StoredFile(length, blocks.ToImmutable()));
        return Errno.None;
    }

    /// <summary>Cuts a file, or leaves a shorter one.</summary>
    public Errno Truncate(string name, ulong length)
    {
        if (MayChange() is var errno and not Errno.None)
            return errno;
        if (!_image.Files.TryGetValue(name, out var file) || file.Length <= length)
            return Errno.None;
        var kept = (int)((length + FileSystemImage.BlockSize - 1) / FileSystemImage.BlockSize);
        Free(file.Blocks.Skip(kept));
        Keep(name, new StoredFile(length, file.Blocks[..kept]));
        return Errno.None;
    }

    public Errno Delete(string name)
    {
        if (MayChange() is var errno and not Errno.None)
            return errno;
        if (!_image.Files.TryGetValue(name, out var file))
            return Errno.NoEntry;
        Free(file.Blocks);
        _image = _image with { Files = _image.Files.Remove(name) };
        _imageDirty = true;
        return Errno.None;
    }

    public Errno Read(string name, out byte[] bytes)
    {
        bytes = [];
        if (!_image.Files.TryGetValue(name, out var file))
            return Errno.NoEntry;
        var whole = new byte[file.Blocks.Length * FileSystemImage.BlockSize];
        for (var i = 0; i < file.Blocks.Length; i++)
        {
            var into = whole.AsSpan(i * FileSystemImage.BlockSize, FileSystemImage.BlockSize);
            var errno = ReadBlock(file.Blocks[i], into);
            if (errno != Errno.None)
                return errno;
        }
        bytes = whole[..(int)file.Length];
        return Errno.None;
    }

    /// <summary>Writes back what is dirty and makes it durable; what could not be written stays dirty.</summary>
    public Errno Sync()
    {
        foreach (var (block, bytes) in _dirty.ToList())
        {
            var errno = Device.Write(block * FileSystemImage.BlockSize, bytes);
            if (errno != Errno.None)
                return errno;
            _dirty.Remove(block);
        }
        if (_imageDirty)
        {
            var errno = Device.Write(FileSystemImage.SuperblockAt, _superblocks.Encode(_image));
            if (errno != Errno.None)
                return errno;
            _imageDirty = false;
        }
        return Device.Flush();
    }

    public Errno Freeze()
    {
        var errno = Sync();
        Frozen = errno == Errno.None;
        return errno;
    }

    public void Thaw() => Frozen = false;

    public Errno Grow(ulong sizeInBytes)
    {
        if (MayChange() is var errno and not Errno.None)
            return errno;
        var grown = _image with { SizeInBytes = sizeInBytes };
        foreach (var table in grown.Tables(from: _image.Blocks))
            _dirty[table / FileSystemImage.BlockSize] = new byte[FileSystemImage.BlockSize];
        _image = grown;
        _imageDirty = true;
        return Sync();
    }

    /// <summary>Discards what no file uses of a range, and says how many bytes that were.</summary>
    public Errno Trim(ulong from, ulong count, out ulong trimmed)
    {
        trimmed = 0;
        if (MayChange() is var refused and not Errno.None)
            return refused;
        if (!Device.Discards)
            return Errno.NotSupported;
        if (from >= _image.SizeInBytes)
            return Errno.Invalid;
        var errno = Sync();
        var end = count < ulong.MaxValue - from ? from + count : ulong.MaxValue;
        foreach (var (start, length) in _image.Unused())
        {
            if (errno != Errno.None)
                return errno;
            var (first, last) = (Math.Max(start, from), Math.Min(start + length, end));
            if (first >= last)
                continue;
            errno = Device.Discard(first, last - first);
            trimmed += last - first;
        }
        return errno;
    }

    /// <summary>The last user has gone.</summary>
    public void End()
    {
        Device.FileSystem = null;
        Device.Close();
    }

    private Errno MayChange() => ReadOnly ? Errno.ReadOnly : Frozen ? Errno.Blocked : Errno.None;

    private void Keep(string name, StoredFile file)
    {
        _image = _image with { Files = _image.Files.SetItem(name, file) };
        _imageDirty = true;
    }

    private void Free(IEnumerable<ulong> blocks)
    {
        foreach (var block in blocks)
        {
            _used.Remove(block);
            _dirty.Remove(block);
        }
    }

    private ulong? Allocate()
    {
        for (var tried = 0UL; tried < _image.Blocks; tried++)
        {
            var block = (_searchFrom + tried) % _image.Blocks;
            if (FileSystemImage.IsTable(block) || !_used.Add(block))
                continue;
            _searchFrom = block + 1;
            return block;
        }
        return null;
    }

    private Errno Change(ulong block, int within, ReadOnlySpan<byte> bytes)
    {
        var changed = new byte[FileSystemImage.BlockSize];
        var errno = bytes.Length == changed.Length ? Errno.None : ReadBlock(block, changed);
        bytes.CopyTo(changed.AsSpan(within));
        if (errno == Errno.None)
            _dirty[block] = changed;
        return errno;
    }

    private Errno ReadBlock(ulong block, Span<byte> into)
    {
        if (!_dirty.TryGetValue(block, out var bytes))
            return Device.Read(block * FileSystemImage.BlockSize, into);
        bytes.CopyTo(into);
        return Errno.None;
    }
}
