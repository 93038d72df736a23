using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Recovery;

public sealed class AdoptionPlanTests
{
    private static readonly AdoptionClaim Base =
        Claim(1, new DeviceKey(DeviceKey.BaseSpace, "ext4"), DeviceKind.Base, parent: null);
    private static readonly AdoptionClaim Layer = Claim(2, Given.Layer("a"), DeviceKind.Layer, parent: 1);
    private static readonly AdoptionClaim Web = Claim(3, Given.Container("web"), DeviceKind.Container, parent: 2);

    private static readonly ImageClaim Image = new(
        new ImageReference("app:1"), Layer.Id, "sha256:config", "{}", Given.At);

    private static readonly ViewClaim View = new(Given.View("v"), Layer.Id, Given.NoLabels, Given.At);

    [Fact]
    public void What_is_claimed_and_there_is_taken_over_whole()
    {
        var plan = Make(new AdoptionClaims([Web, Layer, Base], [Image], [View]), 1, 2, 3);

        Assert.Equal<AdoptionClaim>([Base, Layer, Web], plan.Devices);
        Assert.Equal<ImageClaim>([Image], plan.Images);
        Assert.Equal<ViewClaim>([View], plan.Views);
        Assert.Empty(plan.Quarantine);
        Assert.Empty(plan.Findings);
    }

    [Fact]
    public void The_events_make_a_pool_like_any_other()
    {
        var web = Web with
        {
            Use = DeviceUse.Mounted, Labels = Given.NoLabels.Add("a", "b"), GrowingTo = ByteSize.GiB(2), Inodes = 7,
            CreatedIn = new TransactionId(4), UpdatedAt = Given.At.AddDays(1),
        };
        var removed = Claim(5, Given.Container("gone"), DeviceKind.Container, parent: 2) with
        {
            Phase = DevicePhase.Removing,
        };
        var plan = Make(new AdoptionClaims([Base, Layer, web, removed], [Image], [View]), 1, 2, 3, 5, 9);
        var spare = new DevicePath("/dev/spare");

        var state = PoolState.Empty.After(
            plan.Events(
            new PoolEvents.Adopted(Given.Request(1), Given.Pool.Identity!, Given.At), new TransactionId(40), [spare]));

        PoolInvariants.Hold(state);
        Assert.Equal(Given.Pool.Identity, state.Identity);
        Assert.True(state.WasOpened);
        Assert.Equal(new Checkpoint(new TransactionId(40), Intended: null), state.Checkpoint);
        Assert.Equal(
            new DeviceRecord(
                web.Id, web.Key, DeviceKind.Container, DevicePhase.Ready, Layer.Id, Layer.Id, web.Size,
                FileSystemKind.Ext4, DeviceUse.Mounted, ReadOnly: false, web.Labels, Given.At, Given.At.AddDays(1))
            {
                GrowingTo = ByteSize.GiB(2), Inodes = 7, CreatedIn = new TransactionId(4),
            },
            state.Devices[web.Id]);
        Assert.Equal(DevicePhase.Removing, state.Devices[removed.Id].Phase);
        Assert.Equal(Layer.Id, state.Images[Image.Reference].TopLayer);
        Assert.Equal(Layer.Id, state.Views[View.Key].Source);
        Assert.Equal(DeviceUse.Active, state.Devices[Layer.Id].Use);
        Assert.Equal([new ThinId(9)], state.Ledger.Quarantine.Keys);
        Assert.Equal<DevicePath>([spare], state.Spares);
        Assert.Equal(new ThinId(6), state.Ledger.Next);
        Assert.True(state.Requests.Knows(Given.Request(1), out _));
    }

    [Fact]
    public void What_a_journal_said_before_an_adoption_is_void()
    {
        var before = Given.Pool.Imported("app", "x", "y").Do(Given.Create(Given.Container("old")));

        var after = before.After(Make(new AdoptionClaims([Base], [], []), 1).Events(
            new PoolEvents.Adopted(Given.Request(1), Given.Pool.Identity!, Given.At), new TransactionId(40), default));

        PoolInvariants.Hold(after);
        Assert.Equal([Base.Id], after.Devices.Keys);
        Assert.Empty(after.Images);
    }

    [Fact]
    public void What_nobody_claims_goes_to_quarantine() => Differs(
        Make(new AdoptionClaims([Base], [], []), 1, 8), AdoptionDifference.Unclaimed, quarantined: 8);

    [Fact]
    public void What_the_pool_lacks_is_named_and_not_taken_over()
    {
        var plan = Make(new AdoptionClaims([Base, Layer], [], []), 1);

        Assert.Equal<AdoptionClaim>([Base], plan.Devices);
        Differs(plan, AdoptionDifference.NotInPool);
    }

    [Fact]
    public void An_id_that_several_claim_is_nobodys()
    {
        var rival = Claim(2, Given.Layer("b"), DeviceKind.Layer, parent: 1);

        var plan = Make(new AdoptionClaims([Base, Layer, rival], [], []), 1, 2);

        Assert.Equal<AdoptionClaim>([Base], plan.Devices);
        Differs(plan, AdoptionDifference.SameId, quarantined: 2);
    }

    [Fact]
    public void A_key_that_several_ids_are_claimed_to_have_is_nobodys()
    {
        var plan = Make(new AdoptionClaims([Base, Layer, Layer with { Id = new ThinId(4) }], [], []), 1, 2, 4);

        Assert.Equal<AdoptionClaim>([Base], plan.Devices);
        Assert.Equal([new ThinId(2), new ThinId(4)], plan.Quarantine.Keys);
    }

    [Fact]
    public void A_key_of_one_that_is_being_removed_or_that_the_pool_lacks_is_its_successors()
    {
        var removed = Web with { Id = new ThinId(7), Phase = DevicePhase.Removing };
        var missing = Web with { Id = new ThinId(8) };

        var plan = Make(new AdoptionClaims([Base, Layer, Web, removed, missing], [], []), 1, 2, 3, 7);

        Assert.Equal<AdoptionClaim>([Base, Layer, Web, removed], plan.Devices);
        Assert.Empty(plan.Quarantine);
    }

    [Fact]
    public void A_device_that_the_pool_made_before_the_claim_is_another_one()
    {
        var claim = Layer with { CreatedIn = new TransactionId(6) };

        var plan = Make(new AdoptionClaims([Base, claim], [], []), 1, 2);

        Differs(plan, AdoptionDifference.OtherDevice, quarantined: 2);
        Assert.Empty(Make(new AdoptionClaims([Base, claim with { CreatedIn = new TransactionId(5) }], [], []), 1, 2)
            .Findings);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1000UL)]
    [InlineData(9 * 65536UL)]
    public void A_size_that_cannot_be_is_not_believed(ulong size) => Differs(
        Make(new AdoptionClaims([Base, Layer with { Size = new ByteSize(size) }], [], []), 1, 2),
        AdoptionDifference.OtherSize, quarantined: 2);

    [Theory]
    [InlineData(9 * 65536UL + 512)]
    [InlineData(10 * 65536UL)]
    public void The_last_block_of_a_device_may_be_there_in_part(ulong size) => Assert.Empty(
        Make(new AdoptionClaims([Base, Layer with { Size = new ByteSize(size) }], [], []), 1, 2).Findings);

    [Fact]
    public void A_device_whose_parent_is_not_taken_over_keeps_its_content_and_loses_its_place()
    {
        var plan = Make(new AdoptionClaims([Layer, Web], [Image], []), 2, 3);

        Assert.Null(plan.Devices.Single(claim => claim.Id == Layer.Id).Parent);
        Assert.Equal(Layer.Id, plan.Devices.Single(claim => claim.Id == Web.Id).Parent);
        Assert.Equal<ImageClaim>([Image], plan.Images);
        Differs(plan, AdoptionDifference.NoParent);
    }

    [Fact]
    public void A_lineage_that_leads_back_to_its_beginning_is_cut()
    {
        var a = Layer with { Parent = new ThinId(4) };
        var b = Claim(4, Given.Layer("b"), DeviceKind.Layer, parent: 2);
        var above = Web with { Parent = a.Id };

        var plan = Make(new AdoptionClaims([a, b, above], [], []), 2, 3, 4);

        Assert.Equal([null, a.Id, null], plan.Devices.Select(claim => claim.Parent));
        PoolInvariants.Hold(StateOf(plan));
    }

    [Fact]
    public void A_container_is_no_parent() => Differs(
        Make(new AdoptionClaims([Base, Layer, Web, Claim(4, Given.Container("x"), DeviceKind.Container, parent: 3)],
            [], []), 1, 2, 3, 4),
        AdoptionDifference.NoParent);

    [Fact]
    public void An_imported_layer_whose_image_nobody_claims_is_told_and_stays()
    {
        var lower = Layer with { Labels = Given.ImportLabels.Add("a", "b") };
        var top = Claim(4, Given.Layer("b"), DeviceKind.Layer, parent: 2) with { Labels = Given.ImportLabels };
        var claims = new AdoptionClaims([Base, lower, top], [Image], []);

        var plan = Make(claims, 1, 2, 4);

        Differs(plan, AdoptionDifference.NoImage);
        Assert.Equal(top.Key.ToString(), Assert.Single(plan.Findings).Subject);
        Assert.Equal([false, true, false], plan.Devices.Select(claim => claim.Labels.ContainsKey(DeviceLabels.Import)));
        var state = StateOf(plan);
        var picture = new KernelPicture(
            Given.Health.Status,
            state.Devices.Keys.ToImmutableSortedDictionary(id => id, id => new ThinUsage(id, 10, null, new(5))),
            ImmutableSortedDictionary<ThinId, LiveDevice>.Empty, []);
        var context = new PoolContext(
            state.Identity!, new PoolPaths("/state", state.Identity!.Name), DiscardOnRemove: false);
        Assert.Empty(RecoveryPlan.Make(state, picture, context, Given.At).Findings);
        // With an image on top all of its layers are needed.
        Assert.Empty(Make(claims with { Images = [Image with { TopLayer = top.Id }] }, 1, 2, 4).Findings);
        Assert.Equal(2, Make(claims with { Images = [] }, 1, 2, 4).Findings.Length);
    }

    [Fact]
    public void An_image_whose_layer_is_not_there_is_none() => Differs(
        Make(new AdoptionClaims([Base], [Image], []), 1), AdoptionDifference.ImageWithoutLayer);

    [Theory]
    [InlineData(DeviceKind.Container, DevicePhase.Ready)]
    [InlineData(DeviceKind.Layer, DevicePhase.Removing)]
    public void A_view_of_what_cannot_be_viewed_is_none(DeviceKind kind, DevicePhase phase) => Differs(
        Make(new AdoptionClaims([Base, Layer with { Kind = kind, Phase = phase }], [], [View]), 1, 2),
        AdoptionDifference.ViewWithoutDevice);

    [Fact]
    public void A_view_does_not_take_the_key_of_a_device() => Differs(
        Make(new AdoptionClaims([Base, Layer, Web], [], [View with { Key = Web.Key }]), 1, 2, 3),
        AdoptionDifference.ViewWithoutDevice);

    [Fact]
    public void Only_what_has_a_source_or_is_a_base_goes_on_being_made()
    {
        var making = Web with { Phase = DevicePhase.Creating };
        Assert.Equal(DevicePhase.Creating,
            StateOf(Make(new AdoptionClaims([Base, Layer, making], [], []), 1, 2, 3)).Devices[Web.Id].Phase);

        // A base that is being made is deleted first; nothing else must be.
        Assert.Equal(DevicePhase.Ready, StateOf(Make(new AdoptionClaims([making], [], []), 3)).Devices[Web.Id].Phase);
    }

    private static PoolState StateOf(AdoptionPlan plan) => PoolState.Empty.After(
        plan.Events(
        new PoolEvents.Adopted(Given.Request(1), Given.Pool.Identity!, Given.At), new TransactionId(40), []));

    private static void Differs(AdoptionPlan plan, AdoptionDifference difference, params int[] quarantined)
    {
        Assert.NotEmpty(plan.Findings);
        Assert.All(plan.Findings, finding => Assert.Equal(difference, finding.Difference));
        Assert.Equal(quarantined.Select(id => new ThinId((uint)id)), plan.Quarantine.Keys);
        PoolInvariants.Hold(StateOf(plan));
    }

    /// <summary>Each thin device has 10 blocks and was made in transaction 5.</summary>
    private static AdoptionPlan Make(AdoptionClaims claims, params uint[] thins) => AdoptionPlan.Make(
        claims, [.. thins.Select(id => new ThinUsage(new ThinId(id), 10, null, new TransactionId(5)))],
        PoolBlockSize.Default);

    private static AdoptionClaim Claim(uint id, DeviceKey key, DeviceKind kind, uint? parent) => new(
        new ThinId(id), key, kind, parent is { } below ? new ThinId(below) : null, Given.BaseSize, FileSystemKind.Ext4,
        Given.At);
}
