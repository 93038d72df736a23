namespace DmAgents.Images.Exports;

/// <summary>The files that an export makes, in a folder or in a tar. What was not completed is gone when it is
/// disposed.</summary>
public interface IExportFiles : IDisposable
{
    /// <summary>Begins a file whose name follows from its content.</summary>
    Stream Begin();

    /// <summary>Names the file that was begun. One that is there under this name is kept, for it is the same.</summary>
    void End(string name);

    /// <summary>Adds a file; one that is there under this name is kept.</summary>
    void Add(string name, ReadOnlySpan<byte> content);

    /// <summary>Writes all to the disk and gives the whole its name.</summary>
    void Complete();
}
