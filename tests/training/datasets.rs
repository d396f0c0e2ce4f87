//! Photos and labels as configured.

use gamma_wasm::train::{Dataset, config::DatasetConfig};

use super::support::Run;

fn dataset(run: &Run, labels: &str, change: impl FnOnce(&mut DatasetConfig)) -> gamma_wasm::Result<Dataset> {
    std::fs::write(run.0.join("other.csv"), labels).expect("written");
    let mut config = run.config("out", 1, "").datasets.remove(0);
    config.labels = "other.csv".into();
    config.validation = None;
    change(&mut config);
    Dataset::open(&config, &run.0, 0)
}

#[test]
fn labels_are_scaled_by_their_range_and_turned_so_that_high_is_good() {
    let run = Run::new();
    let labels = "image,dmos\n0.png,1\n1.png,3\n2.png,5\n";
    let open = |higher: bool| {
        let opened = dataset(&run, labels, |config| {
            config.label_column = "dmos".into();
            config.range = [1.0, 5.0];
            config.higher_is_better = higher;
        });
        let labels: Vec<f32> = opened
            .expect("a dataset")
            .train
            .iter()
            .map(|sample| sample.label)
            .collect();
        labels
    };
    assert_eq!(open(true), [0.0, 0.5, 1.0]);
    assert_eq!(open(false), [1.0, 0.5, 0.0]);
}

#[test]
fn what_is_missing_on_disk_is_named() {
    let run = Run::new();
    let refused = |labels: &str, change: fn(&mut DatasetConfig)| {
        let error = dataset(&run, labels, change).expect_err("refused");
        assert_eq!(error.code(), "dataset");
        error.to_string()
    };
    assert!(refused("image,mos\nnone.png,3\n", |_| ()).contains("none.png"));
    assert!(refused("image,score\n0.png,3\n", |_| ()).contains("no column `mos`; it has image, score"));
    assert!(refused("image,mos\n0.png,good\n", |_| ()).contains("line 2: `good` is no number"));
    assert!(refused("image,mos\n0.png,101\n", |_| ()).contains("outside the range 0 to 100"));
    assert!(refused("image,mos\n", |_| ()).contains("has no rows"));
    assert!(refused("", |config| config.labels = "away.csv".into()).contains("away.csv"));
}

#[test]
fn a_tile_is_the_square_that_its_number_says() {
    let run = Run::new();
    let mosaic = image::RgbImage::from_fn(80, 60, |x, y| image::Rgb([(x / 20) as u8, (y / 20) as u8, 0]));
    mosaic.save(run.0.join("mosaic.png")).expect("written");
    let tiles = |labels: &str| {
        dataset(&run, labels, |config| {
            config.images = None;
            config.mosaic = Some(gamma_wasm::train::config::MosaicConfig {
                file: "mosaic.png".into(),
                tile: 20,
            });
        })
    };
    let opened = tiles("image,mos\n6,3\n11,4\n").expect("a dataset");
    let colours: Vec<[u8; 2]> = opened
        .train
        .iter()
        .map(|sample| {
            let pixels = sample.source.pixels().expect("pixels");
            assert_eq!((pixels.width, pixels.height), (20, 20));
            assert!(pixels.rgb.chunks_exact(3).all(|p| p == &pixels.rgb[..3]), "one colour");
            [pixels.rgb[0], pixels.rgb[1]]
        })
        .collect();
    assert_eq!(colours, [[2, 1], [3, 2]]);
    assert!(
        tiles("image,mos\n12,3\n")
            .expect_err("refused")
            .to_string()
            .contains("tile 12 is outside")
    );
}

#[test]
fn what_is_set_aside_keeps_groups_together_and_follows_the_seed() {
    let run = Run::new();
    let labels: String = (0..8)
        .map(|index| format!("{index}.png,{index},{}\n", index / 2))
        .collect();
    let opened = dataset(&run, &format!("image,mos,photo\n{labels}"), |config| {
        config.group_column = Some("photo".into());
        config.validation_fraction = 0.5;
    })
    .expect("a dataset");
    assert_eq!((opened.train.len(), opened.validation.len()), (4, 4));
    let group = |name: &str| name.trim_end_matches(".png").parse::<u32>().expect("a number") / 2;
    let aside: Vec<u32> = opened.validation.iter().map(|sample| group(&sample.name)).collect();
    assert!(opened.train.iter().all(|sample| !aside.contains(&group(&sample.name))));
}

#[test]
fn files_without_a_header_and_counts_of_ratings_are_read_as_configured() {
    let run = Run::new();
    let opened = dataset(&run, "1 0 1 0 3\n2 1 0 0 1\n", |config| {
        config.delimiter = ' ';
        let columns = ["row", "image", "r1", "r2", "r3"];
        config.columns = Some(columns.map(String::from).to_vec());
        config.image_suffix = ".png".into();
        config.count_columns = Some(columns[2..].iter().copied().map(String::from).collect());
        config.range = [0.0, 3.0];
    });
    let samples = opened.expect("a dataset").train;
    let labels: Vec<(&str, f32)> = samples
        .iter()
        .map(|sample| (sample.name.as_str(), sample.label))
        .collect();
    assert_eq!(labels, [("0.png", 2.5 / 3.0), ("1.png", 1.0)]);
}
