using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Changes;

/// <summary>How an entry differs from the entry at its path in the tree below.</summary>
public enum ChangeKind
{
    Added,

    /// <summary>Content, attributes, type, or the names that share its inode.</summary>
    Changed,

    /// <summary>With everything in it.</summary>
    Deleted,
}

/// <summary>One difference between two trees.</summary>
/// <param name="Path">The entry. A deleted directory appears alone, without its entries.</param>
/// <param name="Stat">From the upper tree; for a deleted entry, from the lower one.</param>
public sealed record TreeChange(TreePath Path, ChangeKind Kind, EntryStat Stat);
