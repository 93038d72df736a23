namespace DmAgents.Images.Exports;

/// <summary>The files of an export, in a folder or in a tar. Disposing it before completion deletes
/// everything.</summary>
public interface IExportFiles : IDisposable
{
    /// <summary>Begins a file whose name follows from its content.</summary>
    Stream Begin();

    /// <summary>Names the begun file. Keeps an existing file of this name, because it has the same content.</summary>
    void End(string name);

    /// <summary>Adds a file; keeps an existing file of this name.</summary>
    void Add(string name, ReadOnlySpan<byte> content);

    /// <summary>Writes everything to the disk and gives the export its final name.</summary>
    void Complete();
}
