//! Photos with human scores: label files, label normalisation, what is set aside.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{config::DatasetConfig, live::Live};
use crate::{
    Error, Result,
    image::{self, DecodeOptions, Pixels, random::SplitMix64},
    metrics::{
        Split,
        ladder::{Rung, columns},
    },
};

/// Where a photo's pixels are.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file of its own.
    File(PathBuf),
    /// A square of a picture of many.
    Tile {
        /// The picture.
        mosaic: Arc<Pixels>,
        /// Left edge.
        x: u32,
        /// Top edge.
        y: u32,
        /// Side.
        side: u32,
    },
}

/// A photo and what people said of it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Its pixels.
    pub source: Source,
    /// Its name in the label file.
    pub name: String,
    /// 0 (bad) to 1 (good).
    pub label: f32,
    /// Where it stands on a ladder, if its dataset has ladders.
    pub rung: Option<Rung>,
    /// Which of its dataset's domains it is of.
    pub domain: Option<usize>,
}

/// A dataset, read.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// As configured.
    pub config: DatasetConfig,
    /// Photos to learn from.
    pub train: Vec<Sample>,
    /// Photos to judge by.
    pub validation: Vec<Sample>,
    /// How `train`, then clean photos, are distorted anew for each step.
    pub live: Option<Live>,
}

impl Dataset {
    /// Reads the label files and looks whether the photos are there; decodes nothing but a mosaic.
    ///
    /// # Errors
    /// [`Error::Dataset`] naming the file, line or column that is wrong.
    pub fn open(config: &DatasetConfig, data: &Path, seed: u64) -> Result<Self> {
        Self::open_split(config, data, seed, None)
    }

    /// The same, but what is set aside is what `split` holds out of all photos, those of `validation` too.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_split(config: &DatasetConfig, data: &Path, seed: u64, split: Option<&Split>) -> Result<Self> {
        let reader = Reader::new(config, data)?;
        let mut train = reader.read(&config.labels)?;
        let mut validation = match &config.validation {
            Some(labels) => reader.read(labels)?,
            None if split.is_some() => Vec::new(),
            None => set_aside(&mut train, config.validation_fraction, seed),
        };
        if let Some(split) = split {
            train.append(&mut validation);
            (validation, train) = train.into_iter().partition(|row| split.holds_out(&row.group));
        }
        if train.is_empty() {
            return Err(refuse(config, format!("{} has no rows", config.labels.display())));
        }
        let samples = |rows: Vec<Row>| rows.into_iter().map(|row| row.sample).collect();
        Ok(Self {
            config: config.clone(),
            train: samples(train),
            validation: samples(validation),
            live: None,
        })
    }

    /// Clean photos that are distorted anew for each step, and distorted ones to judge by if `config` names some.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(super) fn live(config: &DatasetConfig, data: &Path, train: Vec<Sample>, live: Live) -> Result<Self> {
        let validation = match &config.validation {
            Some(labels) => Reader::new(config, data)?.read(labels)?,
            None => Vec::new(),
        };
        Ok(Self {
            config: config.clone(),
            train,
            validation: validation.into_iter().map(|row| row.sample).collect(),
            live: Some(live),
        })
    }
}

struct Row {
    sample: Sample,
    group: String,
}

struct Reader<'a> {
    config: &'a DatasetConfig,
    data: &'a Path,
    mosaic: Option<Arc<Pixels>>,
}

impl<'a> Reader<'a> {
    fn new(config: &'a DatasetConfig, data: &'a Path) -> Result<Self> {
        let mosaic = match &config.mosaic {
            Some(mosaic) => Some(Arc::new(
                open_photo(&data.join(&mosaic.file)).map_err(|reason| refuse(config, reason))?,
            )),
            None => None,
        };
        Ok(Self { config, data, mosaic })
    }

    fn read(&self, labels: &Path) -> Result<Vec<Row>> {
        let path = self.data.join(labels);
        let shown = path.display();
        let delimiter = u8::try_from(self.config.delimiter).map_err(|_| {
            let delimiter = self.config.delimiter;
            refuse(self.config, format!("its delimiter `{delimiter}` is not a single byte"))
        })?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(self.config.columns.is_none())
            .flexible(self.config.columns.is_some())
            .from_path(&path)
            .map_err(|error| refuse(self.config, format!("its labels cannot be read from {shown}: {error}")))?;
        let header = match &self.config.columns {
            Some(columns) => columns.iter().map(String::as_str).collect(),
            None => reader
                .headers()
                .map_err(|error| refuse(self.config, format!("{shown}: {error}")))?
                .clone(),
        };
        let column = |name: &str| {
            header.iter().position(|found| found.trim() == name).ok_or_else(|| {
                let found: Vec<&str> = header.iter().collect();
                refuse(
                    self.config,
                    format!("{shown} has no column `{name}`; it has {}", found.join(", ")),
                )
            })
        };
        let image = column(&self.config.image_column)?;
        let labels = match &self.config.count_columns {
            Some(counts) => counts.iter().map(|name| column(name)).collect::<Result<Vec<_>>>()?,
            None => vec![column(&self.config.label_column)?],
        };
        let group = self.config.group_column.as_deref().map(column).transpose()?;
        let domain = self.config.domain_column.as_deref().map(column).transpose()?;
        let rung = match self.config.ladders {
            true => Some((
                columns::LADDER.map(&column).into_iter().collect::<Result<Vec<_>>>()?,
                column(columns::STRENGTH)?,
            )),
            false => None,
        };
        let mut rows = Vec::new();
        for (index, record) in reader.records().enumerate() {
            let line = index + 1 + usize::from(self.config.columns.is_none());
            let record = record.map_err(|error| refuse(self.config, format!("{shown}, line {line}: {error}")))?;
            let field = |at: usize| record.get(at).unwrap_or_default().trim();
            let number = |at: &usize| {
                let text = field(*at);
                text.parse::<f64>()
                    .map_err(|_| refuse(self.config, format!("{shown}, line {line}: `{text}` is no number")))
            };
            let values = labels.iter().map(number).collect::<Result<Vec<f64>>>()?;
            let value = match self.config.count_columns {
                Some(_) => mean_of_counts(&values),
                None => values.first().copied().unwrap_or(f64::NAN),
            };
            let name = format!("{}{}", field(image), self.config.image_suffix);
            rows.push(Row {
                sample: Sample {
                    source: self.source(&name, &format!("{shown}, line {line}"))?,
                    label: normalize_label(value, self.config)
                        .map_err(|reason| refuse(self.config, format!("{shown}, line {line}: {reason}")))?,
                    name: name.clone(),
                    domain: match domain {
                        Some(at) => Some(self.domain(field(at), &format!("{shown}, line {line}"))?),
                        None => (!self.config.domains.is_empty()).then_some(0),
                    },
                    rung: match &rung {
                        Some((ladder, strength)) => Some(Rung {
                            ladder: std::array::from_fn(|at| field(ladder[at]).to_owned()),
                            strength: number(strength)?,
                        }),
                        None => None,
                    },
                },
                group: group.map_or(name, |at| field(at).to_owned()),
            });
        }
        Ok(rows)
    }

    fn domain(&self, name: &str, place: &str) -> Result<usize> {
        let domains = &self.config.domains;
        let unknown = || {
            let reason = format!("{place}: domain `{name}` is none of {}", domains.join(", "));
            refuse(self.config, reason)
        };
        domains.iter().position(|domain| domain == name).ok_or_else(unknown)
    }

    fn source(&self, name: &str, place: &str) -> Result<Source> {
        match (&self.mosaic, &self.config.mosaic, &self.config.images) {
            (Some(mosaic), Some(config), _) => {
                let columns = mosaic.width / config.tile.max(1);
                let tile: u32 = name
                    .parse()
                    .map_err(|_| refuse(self.config, format!("{place}: `{name}` is no number of a tile")))?;
                let (row, column) = (tile.checked_div(columns), tile.checked_rem(columns));
                let at = row.zip(column).and_then(|(row, column)| {
                    let (x, y) = (column.checked_mul(config.tile)?, row.checked_mul(config.tile)?);
                    (y.checked_add(config.tile)? <= mosaic.height).then_some((x, y))
                });
                let (x, y) = at.ok_or_else(|| {
                    refuse(
                        self.config,
                        format!("{place}: tile {tile} is outside {}", config.file.display()),
                    )
                })?;
                Ok(Source::Tile {
                    mosaic: Arc::clone(mosaic),
                    x,
                    y,
                    side: config.tile,
                })
            }
            (_, _, Some(images)) => {
                let path = self.data.join(images).join(name);
                if !path.is_file() {
                    return Err(refuse(self.config, format!("{place}: there is no {}", path.display())));
                }
                Ok(Source::File(path))
            }
            _ => Err(refuse(self.config, "it needs one of images and mosaic".into())),
        }
    }
}

/// A label on the scale of 0 (bad) to 1 (good).
///
/// # Errors
/// Why not, if it lies outside the dataset's range.
pub fn normalize_label(value: f64, config: &DatasetConfig) -> std::result::Result<f32, String> {
    let [low, high] = config.range;
    if !(low..=high).contains(&value) {
        return Err(format!("label {value} is outside the range {low} to {high}"));
    }
    let part = (value - low) / (high - low);
    Ok(if config.higher_is_better { part } else { 1.0 - part } as f32)
}

/// The mean rating, where `counts` are the numbers of people who gave 1, 2, 3 and so on.
fn mean_of_counts(counts: &[f64]) -> f64 {
    let weighted = counts
        .iter()
        .zip(1_u32..)
        .map(|(count, rating)| count * f64::from(rating));
    weighted.sum::<f64>() / counts.iter().sum::<f64>()
}

/// Takes a part of the rows out, whole groups at a time, chosen by `seed`.
fn set_aside(rows: &mut Vec<Row>, fraction: f64, seed: u64) -> Vec<Row> {
    let mut groups: Vec<String> = rows.iter().map(|row| row.group.clone()).collect();
    groups.sort();
    groups.dedup();
    shuffle(&mut groups, &mut SplitMix64::new(seed));
    let wanted = (rows.len() as f64 * fraction).round() as usize;
    let mut chosen = BTreeSet::new();
    let mut count = 0;
    for group in groups {
        if count >= wanted {
            break;
        }
        count += rows.iter().filter(|row| row.group == group).count();
        chosen.insert(group);
    }
    let (aside, kept) = std::mem::take(rows)
        .into_iter()
        .partition(|row| chosen.contains(&row.group));
    *rows = kept;
    aside
}

/// Puts the items into a random order (Fisher and Yates).
pub(super) fn shuffle<T>(items: &mut [T], random: &mut SplitMix64) {
    for last in (1..items.len()).rev() {
        items.swap(last, random.up_to(last as u32) as usize);
    }
}

impl Source {
    /// The photo's pixels at their own resolution: decoded and turned upright.
    ///
    /// # Errors
    /// What the decoder says, with the file's name.
    pub fn pixels(&self) -> std::result::Result<Pixels, String> {
        match self {
            Self::File(path) => open_photo(path),
            Self::Tile { mosaic, x, y, side } => {
                let (side, width) = (*side as usize, mosaic.width as usize);
                let rgb = (0..side)
                    .flat_map(|row| {
                        let start = ((*y as usize + row) * width + *x as usize) * 3;
                        mosaic.rgb.get(start..start + side * 3).unwrap_or_default()
                    })
                    .copied()
                    .collect();
                Ok(Pixels {
                    width: side as u32,
                    height: side as u32,
                    rgb,
                })
            }
        }
    }
}

fn open_photo(path: &Path) -> std::result::Result<Pixels, String> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| format!("{shown}: {error}"))?;
    let decoded = image::decode(&bytes, &DecodeOptions::default()).map_err(|error| format!("{shown}: {error}"))?;
    Ok(decoded.pixels)
}

fn refuse(config: &DatasetConfig, reason: String) -> Error {
    Error::Dataset {
        name: config.name.clone(),
        reason,
    }
}
